"""The model object itself: stopping in the middle of a prompt, loading, tokens."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.engines.host.errors import StoppedError
from termai.engines.host.model import LoadError, Model, load
from termai.engines.host.settings import HostSettings
from tests.engines import tiny


class After(threading.Event):
    """Is set once it has been asked so many times."""

    def __init__(self, asked: int) -> None:
        super().__init__()
        self._left = asked

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def settings(path: Path, **options: object) -> HostSettings:
    return HostSettings(str(path), "127.0.0.1", 1, None, {"ctx_size": 2048, **options})


@pytest.fixture
def loaded(model: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Model]:
    found = load(settings(model, batch_size=256, threads=1))
    yield found
    found.close()


@pytest.mark.parametrize("asked", [0, 1, 30, 200])
def test_a_prompt_can_be_stopped_between_and_within_its_batches(loaded: Model, asked: int) -> None:
    expected = loaded.create_completion("hello", max_tokens=8, temperature=0.0)["choices"]
    loaded.stop = After(asked)
    with pytest.raises(StoppedError):
        loaded.create_completion("x" * 2000, max_tokens=8, temperature=0.0)
    assert loaded.n_tokens < 2000
    loaded.stop = threading.Event()
    assert loaded.create_completion("hello", max_tokens=8, temperature=0.0)["choices"] == expected


def test_a_long_answer_takes_no_more_time_per_token_than_a_short_one(
    loaded: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``Llama.create_completion`` spells all tokens again for each one; this counts instead."""
    asked: list[int] = []
    spell = loaded._spell

    def counting(token: int, *, special: bool) -> bytes:
        asked.append(token)
        return spell(token, special=special)

    monkeypatch.setattr(loaded, "_spell", counting)
    loaded.create_completion("hello", max_tokens=1000, temperature=0.0)
    assert len(asked) == len(set(asked))


def test_tokens_longer_than_any_buffer_are_spelled_whole(loaded: Model) -> None:
    (token,) = loaded.tokenize(tiny.LONG_TOKEN.encode(), add_bos=False, special=True)
    assert loaded.piece(token).decode() == tiny.LONG_TOKEN
    assert loaded.detokenize([token]).decode() == tiny.LONG_TOKEN


def test_a_number_that_is_no_token_is_refused(loaded: Model) -> None:
    with pytest.raises(ValueError, match="is no token"):
        loaded.detokenize([loaded.n_vocab()])


@pytest.mark.parametrize("override", ["nonsense", "key=int", "key=list:1"])
def test_an_override_that_is_none_is_named(
    model: Path, override: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LoadError, match="KEY=TYPE:VALUE"):
        load(settings(model, override_kv=[override]))


def test_an_adapter_for_another_model_is_named(
    models: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LoadError, match=r"wide\.gguf|adapter"):
        load(settings(models / "tiny.gguf", lora=[[str(models / "wide.gguf"), 1.0]]))
