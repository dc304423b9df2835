"""run ORG/NAME[:QUANT]: from a name on the hub to an answer, in one command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.cli.getting import is_of_hub
from termai.models.smoke import model_path
from termai.paths import models_dir, profiles_dir
from tests.cli.conftest import Termai
from tests.fakes.hub.server import Hub, serving_hub
from tests.support import free_port

REPO = "maker/Smoke-GGUF"
FILE = "Smoke-Q8_0.gguf"
QUESTION, ANSWER = "What is the capital of France?", "The capital of France is Paris.\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, termai: Termai) -> Iterator[Hub]:
    """Run a hub that has the smoke model under another name; stop every server afterwards."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with serving_hub() as running:
        running.add(REPO, {FILE: model_path().read_bytes(), "README.md": b"# Smoke\n"})
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running
        termai("stop", "--all")


@pytest.mark.slow
def test_a_model_of_the_hub_answers_in_one_command(hub: Hub, termai: Termai) -> None:
    port = f"port={free_port()}"
    done = termai("run", f"{REPO}:Q8_0", QUESTION, "--set", port)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ANSWER
    assert "Made the profile Smoke-Q8_0:" in done.stderr
    assert (models_dir() / REPO / FILE).read_bytes() == model_path().read_bytes()
    profile = json.loads(termai("profiles", "show", "Smoke-Q8_0", "--json").stdout)
    assert profile["model"] == f"{REPO}/{FILE}"
    assert profile["values"]["ctx_size"] > 0
    [server] = json.loads(termai("ps", "--json").stdout)
    assert server["profile"] == "Smoke-Q8_0"

    again = termai("run", REPO, QUESTION)
    assert (again.returncode, again.stdout, again.stderr) == (0, ANSWER, "")
    assert len(hub.files.asked) == 1
    assert [path.name for path in profiles_dir().iterdir()] == ["Smoke-Q8_0.toml"]


@pytest.mark.slow
def test_a_profile_that_was_edited_is_used_as_it_is(hub: Hub, termai: Termai) -> None:
    target = models_dir() / REPO / FILE
    target.parent.mkdir(parents=True)
    target.write_bytes(model_path().read_bytes())
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "mine.toml").write_text(
        f'schema = 1\n[model]\npath = "{target}"\n[load]\nctx_size = 512\n'
        f"[server]\nport = {free_port()}\n"
    )
    done = termai("run", f"{REPO}:q8_0", QUESTION)
    assert (done.returncode, done.stdout) == (0, ANSWER), done.stderr
    [server] = json.loads(termai("ps", "--json").stdout)
    assert (server["profile"], server["ctx_size"]) == ("mine", 512)
    assert hub.asked == []


def test_a_quantization_that_is_not_there_is_named_with_those_that_are(
    hub: Hub, termai: Termai
) -> None:
    done = termai("run", f"{REPO}:Q2_K", QUESTION)
    assert done.returncode == 3
    assert "Q2_K" in done.stderr
    assert "Q8_0" in done.stderr
    assert not models_dir().exists()


def test_what_is_on_this_disk_comes_before_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maker").mkdir()
    assert is_of_hub("maker/model")
    assert is_of_hub("maker/model:Q4_K_M")
    assert is_of_hub("hub:maker/model")
    (tmp_path / "maker" / "model").touch()
    assert not is_of_hub("maker/model")
    assert not is_of_hub("maker/model.gguf")
    assert not is_of_hub("./maker/other")
    assert not is_of_hub("/maker/other")
    assert not is_of_hub("profile")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["Smoke-Q8_0", "maker/smoke", f"{REPO}/{FILE}"])
def test_a_model_of_the_library_is_started_by_its_names(
    hub: Hub, termai: Termai, name: str
) -> None:
    target = models_dir() / REPO / FILE
    target.parent.mkdir(parents=True)
    target.write_bytes(model_path().read_bytes())
    done = termai("start", name, "--set", f"port={free_port()}", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["model"] == str(target)


def test_a_name_that_nothing_has_is_told_with_where_names_are(termai: Termai) -> None:
    done = termai("start", "smoky-nothing")
    assert done.returncode == 3
    assert "no profile called smoky-nothing" in done.stderr
    assert "No model is called so" in done.stderr
    assert "termai models" in done.stderr


def test_a_model_that_is_not_whole_says_why(termai: Termai) -> None:
    part = models_dir() / "o/m/big-00001-of-00003.gguf"
    part.parent.mkdir(parents=True)
    part.write_bytes(model_path().read_bytes())
    done = termai("run", "o/m/big.gguf", QUESTION)
    assert done.returncode == 4
    assert "2 of its 3 parts are missing" in done.stderr
