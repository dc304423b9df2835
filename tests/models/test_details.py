"""Everything that a header says, shortened for people and whole for programs."""

import json
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError
from termai.gguf.header import SkippedArray
from termai.models import library
from termai.models.details import Details, details, plain, value_text
from termai.models.model_file import ModelFile
from termai.paths import models_dir
from tests.gguf.building import vocabulary
from tests.models import files


def read(path: Path, *, arrays: bool = False, tokens: bool = False) -> Details:
    model = library.refresh().at(path)
    assert model is not None
    return details(model, arrays=arrays, tokens=tokens)


def test_every_key_and_tensor_is_told() -> None:
    told = read(files.model(models_dir() / "m.gguf"))
    lines = dict(told.lines())
    assert lines["general.name"] == "Tiny"
    assert lines["llama.context_length"] == "4096"
    assert set(lines) == set(files.metadata())
    assert [tensor.name for tensor in told.tensors] == [name for name, _, _ in files.TENSORS]


def test_arrays_are_built_only_when_asked() -> None:
    path = files.model(models_dir() / "m.gguf", **vocabulary(5000))
    assert dict(read(path).lines())["tokenizer.ggml.tokens"] == "[5,000 × text]"
    whole = read(path, arrays=True)
    tokens = whole.header.metadata["tokenizer.ggml.tokens"]
    assert isinstance(tokens, tuple)
    assert len(tokens) == 5000
    assert len(dict(whole.lines(whole=True))["tokenizer.ggml.tokens"]) > 20_000
    assert dict(whole.lines())["tokenizer.ggml.tokens"].endswith("… 5,000 in all]")


def test_the_texts_of_tokens_are_read_from_the_vocabulary() -> None:
    path = files.model(models_dir() / "m.gguf", **vocabulary(10))
    told = read(path, tokens=True)
    assert (told.token("bos"), told.token("eos")) == ("Ġ1Ġ1", "Ġ2Ġ2Ġ2")
    assert read(path).token("bos") == ""
    wild = files.model(
        models_dir() / "wild.gguf", **vocabulary(10) | {"tokenizer.ggml.bos_token_id": 10}
    )
    assert read(wild, tokens=True).token("bos") == ""


def test_all_chat_templates_are_found() -> None:
    path = files.model(models_dir() / "m.gguf", tokenizer__chat_template__tool_use="tools")
    named = files.model(
        models_dir() / "n.gguf", **{"tokenizer.chat_template.tool_use": "for tools"}
    )
    assert read(path).templates[""] == files.TEMPLATE
    assert read(named).templates == {"": files.TEMPLATE, "tool_use": "for tools"}


def test_the_tensors_of_a_set_are_those_of_all_parts() -> None:
    parts = files.parts(models_dir(), "m", 3)
    assert len(read(parts[0]).tensors) == 3
    parts[1].unlink()
    assert len(read(parts[0]).tensors) == 1


def test_half_a_file_is_told_as_far_as_it_goes() -> None:
    assert len(read(files.cut(models_dir() / "m.gguf")).tensors) == 3


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(b"nonsense")
    broken = ModelFile(tmp_path / "x.gguf", "x", 8, "w", files=(tmp_path / "x.gguf",))
    with pytest.raises(InvalidFileError, match="not a GGUF file"):
        details(broken)
    gone = ModelFile(tmp_path / "y.gguf", "y", 8, "w", files=(tmp_path / "y.gguf",))
    with pytest.raises(NotFoundError):
        details(gone)


@pytest.mark.parametrize(
    ("value", "text", "as_json"),
    [
        (True, "true", True),
        (7, "7", 7),
        (1e-5, "1e-05", 1e-5),
        ("a", "a", "a"),
        ("x" * 500, f"{'x' * 120}… 500 characters", "x" * 500),
        (tuple(range(10)), "[0, 1, 2, 3, 4, 5, 6, 7, … 10 in all]", list(range(10))),
        (SkippedArray(8, 1500), "[1,500 × text]", {"array": "text", "count": 1500}),
        (SkippedArray(99, 1), "[1 × unknown]", {"array": "unknown", "count": 1}),
        (float("nan"), "nan", None),
        ((1.0, float("inf")), "[1, inf]", [1.0, None]),
    ],
)
def test_values_as_text_and_as_json(value: object, text: str, as_json: object) -> None:
    assert value_text(value) == text  # type: ignore[arg-type]
    assert plain(value) == as_json  # type: ignore[arg-type]
    json.dumps(plain(value), allow_nan=False)  # type: ignore[arg-type]
