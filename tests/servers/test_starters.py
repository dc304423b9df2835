"""New profiles from models, templates and servers: named, free, unsaved."""

from pathlib import Path

import pytest

from termai.engines.base import Detection
from termai.engines.llama_server import LlamaServer
from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.models.smoke import model_path
from termai.paths import models_dir, profiles_dir
from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles, load_profile, save_profile
from termai.servers import fitting, manager, starters
from termai.servers.starters import Origin
from tests.models import files

NAME = "maker/Smoke-GGUF/Smoke-Q8_0.gguf"
ENGINE = Detection("llama-server", Path("/opt/llama-server"), "1", (), frozenset({"--fit"}))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a model of the library, on a machine with a llama-server."""
    for module in (fitting, starters):
        monkeypatch.setattr(module, "choose", lambda _: (LlamaServer(), ENGINE))
    target = models_dir() / NAME
    target.parent.mkdir(parents=True)
    target.write_bytes(model_path().read_bytes())
    return target


@pytest.mark.parametrize("text", [NAME, "Smoke-Q8_0", "hub:maker/Smoke-GGUF:Q8_0", "FILE"])
def test_a_profile_for_a_model_however_it_is_named(model: Path, text: str) -> None:
    start = starters.start_from(str(model) if text == "FILE" else text)
    assert start.origin is Origin.MODEL
    kept = text if text.startswith("hub:") else NAME
    assert start.profile.value("path") == kept
    assert start.profile.is_set("ctx_size")
    assert start.profile.path is None
    assert start.text.startswith("for the model ")


def test_a_file_outside_of_the_library_is_named_by_its_whole_path(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "elsewhere.gguf"
    outside.write_bytes(model.read_bytes())
    monkeypatch.chdir(tmp_path)
    made = starters.from_model("elsewhere.gguf", "mine")
    assert (made.name, made.value("path")) == ("mine", str(outside))


def test_a_model_of_ollama_keeps_the_name_that_ollama_gives_it(model: Path, home: Path) -> None:
    root = home / "home/.ollama/models"
    files.model(files.blob(root, "m"))
    files.tag(root, "registry.ollama.ai/library/qwen3/8b", model="m")
    made = starters.from_model("qwen3:8b")
    assert (made.name, made.value("path")) == ("qwen3-8b", "qwen3:8b")


def test_the_projector_of_a_model_comes_with_it(model: Path) -> None:
    folder = models_dir() / "maker/Seeing-GGUF"
    files.model(folder / "Seeing-Q4_K_M.gguf")
    beside = files.projector(folder / "mmproj-F16.gguf")
    assert starters.from_model("Seeing-Q4_K_M").value("mmproj") == str(beside)
    assert starters.from_template("single-gpu", model="Seeing-Q4_K_M").value("mmproj") == str(
        beside
    )


def test_the_builtin_model(model: Path) -> None:
    made = starters.start_from("builtin:smoke").profile
    assert made.value("path") == "builtin:smoke"


def test_a_template_gives_a_copy_with_a_free_name(model: Path) -> None:
    start = starters.start_from("single-gpu")
    assert (start.origin, start.text) == (Origin.TEMPLATE, "from the profile single-gpu")
    assert start.profile.name == "single-gpu-2"
    assert (start.profile.path, start.profile.shipped) == (None, False)
    assert start.profile.values == load_profile("single-gpu").values
    save_profile(start.profile)
    assert load_profile("single-gpu-2").values == start.profile.values


def test_a_template_with_a_model_is_named_after_it(model: Path) -> None:
    made = starters.from_template("single-gpu", model="Smoke-Q8_0")
    assert (made.name, made.value("path")) == ("Smoke-Q8_0", NAME)
    assert made.value("ctx_size") == load_profile("single-gpu").value("ctx_size")


def test_templates_are_those_that_come_with_termai() -> None:
    save_profile(Profile("mine"))
    save_profile(load_profile("smoke"))
    names = {profile.name for profile in starters.templates()}
    assert "single-gpu" in names
    assert not {"mine", "smoke"} & names


@pytest.mark.parametrize("make", ["from_template", "empty", "from_model"])
def test_a_name_that_is_taken_or_bad_is_refused(model: Path, make: str) -> None:
    save_profile(Profile("mine"))
    first = {"from_template": ("single-gpu",), "empty": (), "from_model": (NAME,)}[make]
    with pytest.raises(UsageError, match="already a profile mine"):
        getattr(starters, make)(*first, "mine")
    with pytest.raises(UsageError, match="cannot be the name"):
        getattr(starters, make)(*first, "a/b")


def test_an_empty_profile_says_nothing() -> None:
    assert starters.empty().values == {}
    save_profile(starters.empty())
    assert starters.empty().name == "new-2"
    assert starters.empty("other").name == "other"


def test_what_is_nothing_is_named_with_where_to_look(model: Path) -> None:
    with pytest.raises(NotFoundError, match="No model, profile or server is called nothing-such"):
        starters.start_from("nothing-such")
    with pytest.raises(UsageError, match="Nothing is named"):
        starters.start_from("  ")
    with pytest.raises(NotFoundError, match="no server"):
        starters.start_from("server:nothing")


def test_a_profile_that_does_not_parse_is_told(model: Path) -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "broken.toml").write_text("[")
    with pytest.raises(InvalidFileError, match="broken"):
        starters.start_from("broken")


def test_a_server_gives_what_it_was_started_with_on_its_port(native: Profile) -> None:
    first = manager.start(native.with_values(n_gpu_layers="all", temperature=0.5))
    second = manager.start(native, name="other")
    start = starters.start_from("tiny")
    assert (start.origin, start.source) == (Origin.SERVER, "tiny")
    assert dict(start.profile.values) == {
        **native.values,
        "n_gpu_layers": "all",
        "temperature": 0.5,
        "port": first.port,
    }
    assert start.profile.name == "tiny"
    assert "tiny" in start.profile.description
    assert starters.from_server(second, "mine").value("port") == second.port
    save_profile(start.profile)
    assert [p.name for p in list_profiles().profiles if not p.shipped] == ["tiny"]
    assert starters.start_from("tiny").origin is Origin.TEMPLATE
    again = starters.start_from("server:tiny")
    assert (again.origin, again.profile.name) == (Origin.SERVER, "tiny-2")
