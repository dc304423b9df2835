"""The layouts in which other programs keep models."""

from pathlib import Path

import pytest

from termai import settings
from termai.models import library
from termai.models.model_file import Kind
from termai.paths import models_dir
from tests.models import files
from tests.models.files import listed

LAYER = '{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": %s}]}'


@pytest.fixture
def ollama(home: Path) -> Path:
    return home / "home/.ollama/models"


@pytest.fixture
def hub(home: Path) -> Path:
    return home / "home/.cache/huggingface/hub"


def own_tag(ollama: Path, reference: str, **layers: str) -> Path:
    return files.tag(ollama, f"registry.ollama.ai/library/{reference}", **layers)


@pytest.mark.parametrize(
    ("manifest", "shown"),
    [
        ("registry.ollama.ai/library/qwen3/8b", "qwen3:8b"),
        ("registry.ollama.ai/someone/own/latest", "someone/own:latest"),
        ("hf.co/org/name/Q4_K_M", "hf.co/org/name:Q4_K_M"),
        ("models.example.org/library/own/1", "models.example.org/library/own:1"),
    ],
)
def test_models_of_ollama_are_called_as_ollama_shows_them(
    ollama: Path, manifest: str, shown: str
) -> None:
    blob = files.model(files.blob(ollama, "m"))
    path = files.tag(ollama, manifest, model="m", template="t", license="l")
    (found,) = listed().values()
    assert (found.name, found.label, found.where) == (shown, shown, "Ollama")
    assert (found.path, found.manifest, found.program) == (blob, path, "Ollama")
    assert (found.architecture, found.quantization, found.read) == ("llama", "Q4_K", True)


def test_two_tags_of_one_file_are_one_model(ollama: Path) -> None:
    files.model(files.blob(ollama, "m"))
    for tag in ("8b", "latest"):
        own_tag(ollama, f"qwen3/{tag}", model="m")
    files.tag(ollama, "hf.co/org/name/Q4", model="m")
    (found,) = listed().values()
    assert found.name == "qwen3:8b"
    assert found.aliases == ("qwen3:latest", "hf.co/org/name:Q4")


def test_ollama_keeps_projectors_and_adapters_with_a_model(ollama: Path) -> None:
    files.model(files.blob(ollama, "m"))
    seeing = files.projector(files.blob(ollama, "p"))
    tuned = files.adapter(files.blob(ollama, "a"))
    own_tag(ollama, "llava/7b", model="m", projector="p", adapter="a")
    own_tag(ollama, "plain/7b", model="m")
    found = library.refresh()
    models = {model.name: model for model in found.files if model.kind is Kind.MODEL}
    assert models["llava:7b"].projector == seeing
    assert models["llava:7b"].adapters == (tuned,)
    assert models["llava:7b"].vision
    assert models["plain:7b"].projector is None
    assert not models["plain:7b"].vision
    kinds = {model.path: model.kind for model in found.files}
    assert (kinds[seeing], kinds[tuned]) == (Kind.PROJECTOR, Kind.ADAPTER)


def test_what_ollama_keeps_and_is_no_gguf_is_left_out(ollama: Path) -> None:
    own_tag(ollama, "safetensors/1", model="not a gguf file")
    own_tag(ollama, "nothing/1", template="t")
    assert listed() == {}
    assert library.known().models[0].where == "built in"


def test_a_blob_that_is_missing_or_too_short_is_said(ollama: Path) -> None:
    files.model(files.blob(ollama, "m"))
    files.model(files.blob(ollama, "short"))
    own_tag(ollama, "gone/1", model="m")
    own_tag(ollama, "short/1", model="short")
    files.blob(ollama, "m").unlink()
    with files.blob(ollama, "short").open("r+b") as stream:
        stream.truncate(2000)
    found = listed()
    assert "missing" in found["gone:1"].problem
    assert found["short:1"].incomplete
    assert not any(model.startable for model in found.values())


def test_half_a_pull_of_ollama_is_shown_once_and_as_such(ollama: Path) -> None:
    half = files.model(Path(f"{files.blob(ollama, 'm')}-partial"))
    Path(f"{half}-0").write_text("{}")
    other = Path(f"{files.blob(ollama, 'safetensors')}-partial")
    other.write_bytes(bytes(100))
    (ollama / "manifests").mkdir()
    (found,) = listed().values()
    assert (found.path, found.incomplete, found.startable) == (half, True, False)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", '{"layers": 3}', '{"layers": [3, null, {}]}', "[" * 100_000),
        LAYER % "3",
        LAYER % '"sha256:../../../../etc/passwd"',
    ],
)
def test_manifests_that_are_none_are_passed_over(ollama: Path, text: str) -> None:
    files.model(files.blob(ollama, "m"))
    own_tag(ollama, "good/1", model="m")
    own_tag(ollama, "bad/1", model="m").write_text(text)
    assert list(listed()) == ["good:1"]


def test_the_service_of_ollama_is_looked_in_and_its_variable_obeyed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in (home / "service/models", home / "elsewhere"):
        files.model(files.blob(root, "m"))
        files.tag(root, f"registry.ollama.ai/library/{root.parent.name}/1", model="m")
    monkeypatch.setenv("OLLAMA_MODELS", str(home / "elsewhere"))
    assert set(listed()) == {"service:1", f"{home.name}:1"}


def test_an_added_directory_may_hold_other_layouts(home: Path) -> None:
    files.model(files.blob(home / "disk/ollama", "m"))
    files.tag(home / "disk/ollama", "registry.ollama.ai/library/q/1", model="m")
    files.snapshot(home / "disk/hf/hub", "org/name", "c0", "f.gguf")
    files.model(home / "disk/AI/Text/loose.gguf")
    settings.save(model_dirs=(str(home / "disk"),))
    found = listed()
    assert set(found) == {"q:1", "org/name/f.gguf", "AI/Text/loose.gguf"}
    assert found["q:1"].program == "Ollama"
    assert found["org/name/f.gguf"].program == "Hugging Face"
    assert found["AI/Text/loose.gguf"].program == ""


def test_a_store_inside_an_added_directory_stays_its_programs(home: Path) -> None:
    files.model(home / "home/.lmstudio/models/o/r/lm.gguf")
    files.model(home / "home/AI/own.gguf")
    files.snapshot(home / "home/.cache/huggingface/hub", "org/name", "c0", "f.gguf")
    settings.save(model_dirs=(str(home / "home"),))
    found = {
        model.path.name: (model.name, model.where, model.program) for model in listed().values()
    }
    assert found == {
        "lm.gguf": ("o/r/lm.gguf", "LM Studio", "LM Studio"),
        "f.gguf": ("org/name/f.gguf", "Hugging Face", "Hugging Face"),
        "own.gguf": ("AI/own.gguf", str(home / "home"), ""),
    }


def test_a_blob_in_several_snapshots_is_one_model(hub: Path) -> None:
    for commit in ("a1", "b2", "c3"):
        files.snapshot(hub, "org/name", commit, "sub/m-Q8_0.gguf")
    refs = hub / "models--org--name/refs"
    refs.mkdir()
    (refs / "main").write_text("b2")
    (found,) = listed().values()
    assert found.path.parts[-3] == "b2"
    assert found.name == "org/name/sub/m-Q8_0.gguf"


def test_an_older_file_of_the_same_name_is_told_by_its_commit(hub: Path) -> None:
    files.snapshot(hub, "org/name", "a1", "m.gguf", "old")
    files.snapshot(hub, "org/name", "b2", "m.gguf", "new")
    refs = hub / "models--org--name/refs"
    refs.mkdir()
    (refs / "main").write_text("b2\n")
    found = listed()
    assert found["org/name/m.gguf"].path.resolve().name == "new"
    assert found["org/name/@a1/m.gguf"].path.resolve().name == "old"


def test_names_of_repositories_keep_their_dashes(hub: Path) -> None:
    files.snapshot(hub, "org/a-b-c", "a1", "m.gguf")
    assert list(listed()) == ["org/a-b-c/m.gguf"]


def test_half_a_download_of_the_hub_client_is_shown(hub: Path) -> None:
    blobs = hub / "models--org--name/blobs"
    half = files.cut(blobs / "0123456789abcdef.incomplete")
    (blobs / "safetensors.incomplete").write_bytes(bytes(100))
    (hub / "models--org--name/snapshots").mkdir()
    (found,) = listed().values()
    assert (found.path, found.incomplete, found.program) == (half, True, "Hugging Face")


def test_files_of_llama_cpp_get_their_repository_from_its_manifest(home: Path) -> None:
    cache = home / "home/.cache/llama.cpp"
    files.model(cache / "org_with_lines_repo-GGUF_m-Q4_K_M.gguf")
    files.model(cache / "other_repo_x.gguf")
    (cache / "manifest=org_with_lines=repo-GGUF=latest.json").write_text("{}")
    assert set(listed()) == {"org_with_lines/repo-GGUF/m-Q4_K_M.gguf", "other_repo_x.gguf"}


@pytest.mark.parametrize(
    "name",
    [
        *("m.gguf.part", "m.gguf.incomplete", "m.gguf.crdownload", "m.gguf.downloadInProgress"),
        *(".m.gguf.0123abcd.part", "m.gguf.!qB", "downloading_m.gguf.part"),
    ],
)
def test_half_downloads_of_any_program_are_shown_as_such(name: str) -> None:
    path = files.model(models_dir() / "o/r" / name)
    (found,) = listed().values()
    assert (found.path, found.incomplete, found.startable) == (path, True, False)
    assert found.trouble == "The download is not complete."
    assert found.name.removeprefix("o/r/downloading_").removeprefix("o/r/") == "m.gguf"


def test_a_file_beside_notes_of_aria2_is_half_a_download() -> None:
    path = files.model(models_dir() / "o/r/m.gguf")
    Path(f"{path}.aria2").touch()
    assert listed()["o/r/m.gguf"].incomplete


def test_a_file_shorter_than_its_header_says_is_half_a_download() -> None:
    files.cut(models_dir() / "o/r/m.gguf", 1)
    assert listed()["o/r/m.gguf"].incomplete


def test_a_file_that_ends_inside_its_header_is_half_a_download() -> None:
    path = files.model(models_dir() / "o/r/m.gguf")
    with path.open("r+b") as stream:
        stream.truncate(100)
    found = listed()["o/r/m.gguf"]
    assert found.incomplete
    assert not found.read


def test_llama_cpp_keeps_its_models_as_the_hub_does(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_CACHE", str(home / "cache"))
    files.snapshot(home / "cache", "org/name", "c0", "m.gguf")
    (found,) = listed().values()
    assert (found.name, found.where) == ("org/name/m.gguf", "llama.cpp")
    assert found.program == "llama.cpp"


def test_a_split_set_is_read_whole() -> None:
    files.parts(models_dir() / "o/r", "m-Q4_K_M", 3)
    (found,) = listed().values()
    assert (found.parts, found.missing, found.parameters) == (3, 0, 3 * 256 * 256)
    assert found.startable
    assert len(found.files) == 3


def test_half_of_a_part_makes_the_set_incomplete() -> None:
    (*_, last) = files.parts(models_dir() / "o/r", "m", 2)
    last.rename(last.with_name(f".{last.name}.0a1b.part"))
    (found,) = listed().values()
    assert (found.name, found.parts, found.incomplete) == ("o/r/m.gguf", 2, True)


def test_links_to_directories_are_followed_but_never_round(home: Path) -> None:
    files.model(home / "disk/org/m.gguf")
    models_dir().mkdir(parents=True)
    (models_dir() / "linked").symlink_to(home / "disk")
    (home / "disk/org/back").symlink_to(models_dir())
    (home / "disk/org/self").symlink_to(".")
    assert list(listed()) == ["linked/org/m.gguf"]
