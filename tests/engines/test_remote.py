"""The engine for servers that run already: what it makes of a profile, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from termai.engines import choose, drift
from termai.engines.remote import Remote
from termai.engines.served import model_of
from termai.engines.watcher.settings import VARIABLE
from termai.errors import InvalidFileError, TermaiError, UsageError
from termai.profiles.profile import Profile

URL = "http://127.0.0.1:11434"


def profile(**values: Any) -> Profile:
    return Profile("ollama", engine="openai").with_values(**{"url": URL, **values})


def key_file(tmp_path: Path, mode: int = 0o600) -> Path:
    path = tmp_path / "key"
    path.touch(mode=mode)
    path.write_text("secret\n")
    return path


def composed(wanted: Profile) -> Any:
    engine, detection = choose.choose("openai")
    return engine.compose(wanted, detection, model=model_of(wanted), port=0)


def test_the_job_is_a_watcher_of_the_address() -> None:
    launch = composed(profile(alias="qwen3:8b", temperature=0.5, top_k=20))
    assert launch.argv[-2:] == ("-m", "termai.engines.watcher")
    assert (launch.url, launch.host, launch.port) == (URL, "127.0.0.1", 11434)
    assert str(launch.model) == "qwen3:8b"
    told = json.loads(launch.env[VARIABLE])
    assert told == {"url": URL, "model": "qwen3:8b", "api_key_file": None}


def test_the_key_stays_in_its_file(tmp_path: Path) -> None:
    launch = composed(profile(api_key_file=str(key_file(tmp_path))))
    assert "secret" not in repr(launch)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="can be read by others"):
        composed(profile(api_key_file=str(key_file(tmp_path, 0o644))))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Profile("x", engine="openai"), "names no url"),
        (profile(url="ollama"), "is no address"),
        (profile(url="http://me:secret@host"), "name or password"),
        (profile(url="http://host/v1?key=secret"), "more than a host"),
        (profile(url="http://host#secret"), "more than a host"),
        (profile(path="model.gguf"), "no `path`"),
        (profile(ctx_size=4096), "no `ctx_size`"),
        (Profile("x", engine="openai", args={"openai": ("-v",)}).with_values(url=URL), "none"),
    ],
)
def test_what_makes_no_sense_of_it_is_refused(wanted: Profile, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        composed(wanted)
    assert words in caught.value.message
    assert caught.value.fix
    assert "secret" not in str(caught.value)


def test_drift_and_compose_agree() -> None:
    detection = Remote().detect()
    for values in ({"ctx_size": 4096}, {"path": "x.gguf"}, {"port": 9}, {"temperature": 1.0}):
        wanted = profile(**values)
        fatal = [one for one in drift.check(wanted, detection) if one.fatal]
        try:
            composed(wanted)
            refused = False
        except TermaiError:
            refused = True
        assert bool(fatal) == refused, values


def test_auto_never_takes_it() -> None:
    assert all(found.engine != "openai" for found in choose.survey().found)
