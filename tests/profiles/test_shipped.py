"""The profiles that come with termai are right, explained, and start on a real engine."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from termai.engines.choose import choose
from termai.errors import UsageError
from termai.models.smoke import model_path
from termai.paths import shipped_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, NATIVE, option
from termai.profiles.store import list_profiles, load_profile
from tests.support import free_port, wait_until

NAMES = ("cpu-small", "long-context", "moe-offload", "multi-gpu", "single-gpu", "smoke")
TRAINED = 4096  # the smoke model's context, beyond which llama-server grants a slot no more
TEMPLATES = tuple(name for name in NAMES if name != "smoke")


def _text(name: str) -> str:
    return (shipped_dir("profiles") / f"{name}.toml").read_text()


def test_every_shipped_profile_is_right() -> None:
    listing = list_profiles()
    assert listing.problems == ()
    assert tuple(profile.name for profile in listing.profiles) == NAMES
    assert all(profile.shipped for profile in listing.profiles)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_profile_is_explained_to_a_person(name: str) -> None:
    text = _text(name)
    assert "schema = 1\n" in text
    assert 20 <= len(load_profile(name).description) <= 80
    assert len(re.findall(r"^# |  # ", text, re.MULTILINE)) >= 8
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_profile_without_a_model_says_how_to_name_one(name: str) -> None:
    profile = load_profile(name)
    with pytest.raises(UsageError) as caught:
        profile.model_reference()
    assert f"termai start {name} --set path=FILE" in caught.value.fix
    assert f"termai start {name} --set path=FILE" in _text(name)
    assert profile.with_values(path="x.gguf").model_reference() == "x.gguf"


@pytest.mark.parametrize("name", NAMES)
def test_an_option_in_a_comment_is_an_option_too(name: str) -> None:
    """What a person takes the comment sign off must be right."""
    for key in re.findall(r"^# ([a-z_]+) = ", _text(name), re.MULTILINE):
        assert option(key).section == "load"


def test_smoke_runs_on_every_engine() -> None:
    profile = load_profile("smoke")
    assert profile.engine == "auto"
    assert profile.model_reference() == "builtin:smoke"
    assert profile.value("ctx_size") == 4096
    assert profile.value("temperature") == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_llama_server_takes_everything_a_shipped_profile_says(name: str, tmp_path: Path) -> None:
    with _running(load_profile(name), NATIVE, tmp_path) as url:
        properties = _get(f"{url}/props")
        slots = load_profile(name).value("parallel")
        granted = properties["default_generation_settings"]["n_ctx"]
        assert properties["total_slots"] == slots
        assert granted == min(load_profile(name).value("ctx_size") // slots, TRAINED)


@pytest.mark.parametrize("engine", [NATIVE, EMBEDDED])
def test_smoke_answers_word_for_word_without_any_sampler_in_the_request(
    engine: str, tmp_path: Path
) -> None:
    with _running(load_profile("smoke"), engine, tmp_path) as url:
        body: dict[str, Any] = {
            "messages": [{"role": "user", "content": "What is the capital of France?"}]
        }
        if engine == EMBEDDED:
            body["temperature"] = load_profile("smoke").value("temperature")
        answers = {_ask(url, body) for _ in range(5)}
    assert answers == {"The capital of France is Paris."}


@contextmanager
def _running(profile: Profile, engine_name: str, directory: Path) -> Iterator[str]:
    """Run a profile with the smoke model on an engine until the block ends."""
    engine, detection = choose(engine_name)
    launch = engine.compose(profile, detection, model=model_path(), port=free_port())
    environment = {k: v for k, v in os.environ.items() if k not in launch.unset_env}
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch.argv, env=environment | dict(launch.env), stdout=output, stderr=output
        )
    try:
        wait_until(lambda: process.poll() is not None or _is_ready(launch.url), what="ready")
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield launch.url
    finally:
        process.kill()
        process.wait(30)


def _is_ready(url: str) -> bool:
    try:
        return bool(_get(f"{url}/health"))
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _get(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return dict(json.load(answer))


def _ask(url: str, body: dict[str, Any]) -> str:
    request = urllib.request.Request(  # noqa: S310
        f"{url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return str(json.load(answer)["choices"][0]["message"]["content"]).strip()
