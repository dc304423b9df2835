"""The user's own profile of a model is found again, and made once however many ask for it."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from termai.engines.base import Detection
from termai.models import library
from termai.models.model_file import ModelFile
from termai.models.smoke import model_path
from termai.paths import models_dir, profiles_dir
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.profiles.store import load_profile
from termai.servers import fitting, own_profile

NAME = "maker/Smoke-GGUF/Smoke-Q8_0.gguf"


@pytest.fixture
def model() -> Path:
    target = models_dir() / NAME
    target.parent.mkdir(parents=True)
    target.write_bytes(model_path().read_bytes())
    return target


def write(name: str, reference: str) -> None:
    profiles_dir().mkdir(parents=True, exist_ok=True)
    (profiles_dir() / f"{name}.toml").write_text(f'schema = 1\n[model]\npath = "{reference}"\n')


def test_a_model_without_a_profile_has_none(model: Path) -> None:
    write("other", "/somewhere/else.gguf")
    write("broken", "not/there.gguf")
    assert own_profile.saved(model) is None


@pytest.mark.parametrize(
    "reference",
    [
        str,
        lambda _: NAME,
        lambda _: "hub:maker/Smoke-GGUF:Q8_0",
        lambda _: "Smoke-Q8_0.gguf",
    ],
    ids=["path", "place in the library", "hub", "name"],
)
def test_a_profile_is_found_however_it_names_the_model(
    model: Path, reference: Callable[[Path], str]
) -> None:
    write("mine", reference(model))
    found = own_profile.saved(model)
    assert found
    assert found.name == "mine"


def test_the_library_is_looked_through_once_for_all_profiles(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write(f"p{number}", f"maker/none-{number}.gguf")
    looks: list[library.Library] = []

    def counted() -> library.Library:
        looks.append(library.look())
        return looks[-1]

    monkeypatch.setattr(own_profile, "look", counted)
    assert own_profile.saved(model) is None
    assert len(looks) == 1


def test_a_made_profile_names_the_model_by_its_place(model: Path) -> None:
    profile, new = own_profile.ensured(model)
    assert new
    assert load_profile(profile.name).values["path"] == NAME
    again, new = own_profile.ensured(model)
    assert not new
    assert again.name == profile.name


def _ensure(path: str) -> str:
    return own_profile.ensured(Path(path))[0].name


def test_programs_that_ask_at_the_same_time_get_the_same_profile(model: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        names = pool.map(_ensure, [str(model)] * 6)
    assert set(names) == {"Smoke-Q8_0"}
    assert [path.name for path in profiles_dir().iterdir()] == ["Smoke-Q8_0.toml"]


@pytest.mark.parametrize(("engine", "loaded"), [(NATIVE, True), (EMBEDDED, False)])
def test_a_projector_is_loaded_only_where_the_engine_can(
    model: Path, monkeypatch: pytest.MonkeyPatch, engine: str, loaded: bool
) -> None:
    there = Detection(engine, Path("/bin/true"), "1")
    for module in (own_profile, fitting):
        monkeypatch.setattr(module, "choose", lambda _: (None, there))
    beside = model.with_name("mmproj-F16.gguf")
    known = ModelFile(model, NAME, 1, "termai", projector=beside)
    assert own_profile.bare(known).is_set("mmproj") is loaded
    assert own_profile.made(model, None if loaded else beside).is_set("mmproj") is False
