"""The models that lie on disk, in every store there is."""

import json
from pathlib import Path

import pytest

from termai import settings
from termai.models import library
from termai.models.stores import BUILT_IN, stores
from termai.paths import models_dir
from tests.support import no_home


@pytest.fixture(autouse=True)
def no_caches_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "LLAMA_CACHE"),
        "OLLAMA_MODELS",
    ):
        monkeypatch.delenv(name, raising=False)


def put(path: Path, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF".ljust(size, b"\0"))
    return path


def found() -> dict[str, library.ModelFile]:
    return {model.name: model for model in scanned()}


def scanned() -> list[library.ModelFile]:
    return [model for model in library.scan() if model.where != BUILT_IN]


def test_nothing_is_found_where_nothing_is() -> None:
    assert found() == {}


def test_the_model_that_comes_with_termai_is_listed_last() -> None:
    put(models_dir() / "a/m.gguf")
    assert [model.name for model in library.scan()] == ["a/m.gguf", "termai-smoke-q8_0.gguf"]


def test_a_home_that_nobody_has_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    put(models_dir() / "a/m.gguf")
    settings.save(model_dirs=("~no-such-user/x",))
    monkeypatch.setenv("HF_HOME", "~no-such-user/hf")
    assert list(found()) == ["a/m.gguf"]
    monkeypatch.setenv("HF_HUB_CACHE", "~no-such-user/hub")
    assert list(found()) == ["a/m.gguf"]


def test_a_folder_of_lm_studio_in_a_home_that_nobody_has_is_passed_over(home: Path) -> None:
    put(models_dir() / "a/m.gguf")
    (home / "home/.lmstudio").mkdir()
    (home / "home/.lmstudio/settings.json").write_text('{"downloadsFolder": "~no-such-user/x"}')
    assert list(found()) == ["a/m.gguf"]


def test_models_are_found_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    put(models_dir() / "a/m.gguf")
    no_home(monkeypatch)
    assert list(found()) == ["a/m.gguf"]


def test_every_store_is_looked_in(home: Path) -> None:
    user = home / "home"
    put(models_dir() / "org/own/a-Q4_K_M.gguf")
    put(user / ".lmstudio/models/org/lm/b.gguf")
    put(user / ".cache/huggingface/hub/models--org--hub/snapshots/c0ffee/c.gguf")
    put(user / ".cache/llama.cpp/org_repo_d.gguf")
    put(user / "AI/e.gguf")
    settings.save(model_dirs=("~/AI",))
    assert {name: model.where for name, model in found().items()} == {
        "org/own/a-Q4_K_M.gguf": "termai",
        "e.gguf": "~/AI",
        "org/lm/b.gguf": "LM Studio",
        "org/hub/c.gguf": "Hugging Face",
        "org_repo_d.gguf": "llama.cpp",
    }


def test_lm_studio_says_where_its_downloads_are(home: Path) -> None:
    lm = home / "home" / "elsewhere"
    (home / "home" / ".lmstudio-home-pointer").write_text(f"{lm}\n")
    put(home / "disk" / "org/m/f.gguf")
    lm.mkdir()
    (lm / "settings.json").write_text(json.dumps({"downloadsFolder": str(home / "disk")}))
    assert found()["org/m/f.gguf"].where == "LM Studio"


@pytest.mark.parametrize("broken", [b"{", b"[]", b"\xff\xfe", b'{"downloadsFolder": 3}'])
def test_broken_settings_of_lm_studio_are_ignored(home: Path, broken: bytes) -> None:
    lm = home / "home" / ".lmstudio"
    put(lm / "models/org/m/f.gguf")
    (lm / "settings.json").write_bytes(broken)
    assert "org/m/f.gguf" in found()


def test_a_split_set_is_one_model_with_the_size_of_all() -> None:
    for number in (1, 2, 3):
        put(models_dir() / f"o/m/big-Q8_0-{number:05}-of-00003.gguf", 100 * number)
    (model,) = scanned()
    assert model.name == "o/m/big-Q8_0.gguf"
    assert model.path.name == "big-Q8_0-00001-of-00003.gguf"
    assert (model.size, model.parts, model.missing) == (600, 3, 0)
    assert model.quantization == "Q8_0"


def test_a_split_set_says_how_many_parts_are_missing() -> None:
    put(models_dir() / "o/m/big-00002-of-00004.gguf")
    (model,) = scanned()
    assert (model.parts, model.missing) == (4, 3)


def test_projectors_and_other_files_are_no_models() -> None:
    put(models_dir() / "o/m/mmproj-F16.gguf")
    put(models_dir() / "o/m/model.safetensors")
    put(models_dir() / "o/m/README.md")
    assert found() == {}


def test_links_are_counted_once(home: Path) -> None:
    blob = put(home / "home/.cache/huggingface/hub/models--o--m/blobs/0a1b")
    link = blob.parent.parent / "snapshots/c0/f.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    mine = models_dir() / "f.gguf"
    mine.parent.mkdir(parents=True)
    mine.symlink_to(blob)
    assert [model.where for model in scanned()] == ["termai"]


def test_a_loop_of_links_and_an_unreadable_directory_end(home: Path) -> None:
    put(models_dir() / "a/m.gguf")
    (models_dir() / "a/again").symlink_to(models_dir())
    (models_dir() / "b").mkdir(mode=0o000)
    (models_dir() / "dangling.gguf").symlink_to("nowhere")
    try:
        assert list(found()) == ["a/m.gguf"]
    finally:
        (models_dir() / "b").chmod(0o700)


def test_names_with_control_characters_are_left_to_those_who_show_them() -> None:
    put(models_dir() / "o" / "e\x1b[2Jvil.gguf")
    assert list(found()) == ["o/e\x1b[2Jvil.gguf"]


def test_the_environment_moves_the_caches(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.setenv("LLAMA_CACHE", str(home / "lc"))
    put(home / "hf/hub/models--o--m/snapshots/1/x.gguf")
    put(home / "lc/y.gguf")
    assert set(found()) == {"o/m/x.gguf", "y.gguf"}
    assert [store.where for store in stores()] == [
        *("termai", "LM Studio", "Ollama", "Ollama", "Hugging Face", "llama.cpp", "llama.cpp"),
        BUILT_IN,
    ]
