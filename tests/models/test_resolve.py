"""What a model reference means."""

from pathlib import Path

import pytest

from termai import settings
from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.models import library
from termai.models.resolve import resolve
from termai.paths import models_dir
from tests.gguf.building import build
from tests.models import files


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(build({"general.architecture": "llama"}))
    return path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(root))
    return root


def in_hub(hub: Path, repository: str, name: str) -> Path:
    blob = put(hub / f"models--{repository.replace('/', '--')}" / "blobs" / f"oid-of-{name}")
    link = blob.parent.parent / "snapshots" / "abc123" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(Path("../../blobs") / blob.name)
    return link


def test_builtin_smoke_is_the_shipped_file() -> None:
    from termai.models import smoke

    assert resolve("builtin:smoke") == smoke.model_path()


def test_unknown_builtin_names_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="builtin:smoke"):
        resolve("builtin:big")


def test_absolute_and_home_paths(home: Path) -> None:
    path = put(home / "home" / "m.gguf")
    assert resolve(str(path)) == path
    assert resolve("~/m.gguf") == path


def test_missing_absolute_path_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"/no/such/file\.gguf does not exist"):
        resolve("/no/such/file.gguf")


def test_a_directory_is_not_a_model(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is a directory"):
        resolve(str(tmp_path))


def test_unknown_user_in_a_home_path() -> None:
    with pytest.raises(NotFoundError, match="no such user"):
        resolve("~nobody-of-that-name/m.gguf")


def test_a_path_that_no_disk_takes_does_not_exist() -> None:
    for reference in (f"/{'x' * 300}.gguf", f"{'x' * 300}.gguf"):
        with pytest.raises(NotFoundError):
            resolve(reference)


def test_empty_reference_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="No model"):
        resolve(" ")


def test_path_in_termais_own_models() -> None:
    path = put(models_dir() / "org/name/file-Q8_0.gguf")
    assert resolve("org/name/file-Q8_0.gguf") == path


def test_bare_name_is_found_anywhere_in_a_store(tmp_path: Path) -> None:
    settings.save(model_dirs=(str(tmp_path / "AI"),))
    path = put(tmp_path / "AI/Models/Text/only.gguf")
    assert resolve("only.gguf") == path
    assert resolve("Text/only.gguf") == path


def test_a_name_in_two_places_is_ambiguous_and_not_guessed() -> None:
    put(models_dir() / "a/x/same.gguf")
    put(models_dir() / "b/y/same.gguf")
    with pytest.raises(UsageError, match=r"a/x/same\.gguf and b/y/same\.gguf"):
        resolve("same.gguf")


def test_two_links_to_one_file_are_not_ambiguous(hub: Path) -> None:
    blob = in_hub(hub, "org/name", "m-Q8_0.gguf")
    link = models_dir() / "mine" / "m-Q8_0.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob.resolve())
    assert resolve("m-Q8_0.gguf") == link


def test_hub_path_of_a_cached_file(hub: Path) -> None:
    path = in_hub(hub, "org/name", "m-Q8_0.gguf")
    assert resolve("org/name/m-Q8_0.gguf") == path


def test_hub_reference_by_quantization(hub: Path) -> None:
    q8 = in_hub(hub, "org/name", "m-Q8_0.gguf")
    q4 = in_hub(hub, "org/name", "m-Q4_K_M.gguf")
    in_hub(hub, "org/name", "mmproj-m-Q8_0.gguf")
    assert resolve("hub:org/name:q8_0") == q8
    assert resolve("hub:org/name") == q4


def test_hub_reference_takes_the_first_part_of_a_split_set(hub: Path) -> None:
    in_hub(hub, "org/name", "m-Q8_0-00002-of-00002.gguf")
    first = in_hub(hub, "org/name", "m-Q8_0-00001-of-00002.gguf")
    assert resolve("hub:org/name:Q8_0") == first


def test_hub_reference_not_here_says_what_is_and_where_it_looked(hub: Path) -> None:
    in_hub(hub, "org/name", "m-Q8_0.gguf")
    with pytest.raises(NotFoundError, match=str(hub)) as caught:
        resolve("hub:org/name:Q2_K")
    assert "there is Q8_0" in caught.value.fix


def test_missing_relative_path_lists_the_stores() -> None:
    with pytest.raises(NotFoundError, match=str(models_dir())):
        resolve("nowhere/at/all.gguf")


@pytest.fixture
def ollama(home: Path) -> Path:
    """Put three names of two models into Ollama's store."""
    root = home / "home/.ollama/models"
    for manifest, blob in (
        ("registry.ollama.ai/library/qwen3/8b", "q"),
        ("registry.ollama.ai/library/qwen3/latest", "q"),
        ("hf.co/org/name/Q8_0", "n"),
    ):
        if not files.blob(root, blob).exists():
            files.model(files.blob(root, blob))
        files.tag(root, manifest, model=blob)
    return root


@pytest.mark.parametrize(
    ("reference", "blob"),
    [
        *(("qwen3:8b", "q"), ("qwen3", "q"), ("qwen3:latest", "q"), ("library/qwen3:8b", "q")),
        *(("hf.co/org/name:Q8_0", "n"), ("HF.co/Org/name:q8_0", "n"), ("Qwen3:8B", "q")),
        ("registry.ollama.ai/library/qwen3:8b", "q"),
    ],
)
def test_models_of_ollama_are_found_by_the_names_that_ollama_takes(
    ollama: Path, reference: str, blob: str
) -> None:
    assert resolve(reference) == files.blob(ollama, blob)


@pytest.mark.parametrize(
    "reference",
    [
        *("Tiny-Chat-7B-Q4_K", "tiny-chat-7b-q4_k", "Tiny-Chat-7B", "tiny-chat", "chat-7b", "chat"),
        *("o/r/Tiny-Chat-7B-Q4_K.gguf", "r/Tiny-Chat-7B-Q4_K.gguf", "r/Tiny-Chat-7B-Q4_K"),
        *("o/r:Q4_K", "o/r", "hub:o/r", "hub:o/r:q4_k", "Tiny-Chat-7B-Q4_K.gguf"),
    ],
)
def test_a_model_is_found_by_every_part_of_its_name_that_no_other_has(reference: str) -> None:
    path = files.model(models_dir() / "o/r/Tiny-Chat-7B-Q4_K.gguf")
    files.model(models_dir() / "p/s/Other-7B-Q4_K.gguf")
    assert resolve(reference) == path


def test_a_part_of_two_names_is_ambiguous_and_not_guessed() -> None:
    for name in ("one-a.gguf", "one-b.gguf", "one-c.gguf", "one-d.gguf"):
        files.model(models_dir() / name)
    with pytest.raises(UsageError, match=r"one-a\.gguf and one-b\.gguf and one-c\.gguf and 1 more"):
        resolve("one")


def test_the_beginning_of_a_name_comes_before_its_middle() -> None:
    path = files.model(models_dir() / "qwen-small.gguf")
    files.model(models_dir() / "my-qwen-large.gguf")
    assert resolve("qwen") == path


def test_a_single_character_names_nothing() -> None:
    files.model(models_dir() / "x.gguf")
    files.model(models_dir() / "yz.gguf")
    with pytest.raises(NotFoundError):
        resolve("z")


def test_a_projector_is_found_by_its_whole_name_alone() -> None:
    path = files.projector(models_dir() / "o/r/mmproj-F16.gguf")
    assert resolve("mmproj-F16.gguf") == path
    with pytest.raises(NotFoundError):
        resolve("mmpro")


@pytest.mark.parametrize("reference", ["m", "m.gguf", "o/r/m.gguf", "o/r"])
def test_half_a_download_is_never_returned(reference: str) -> None:
    files.model(models_dir() / "o/r/m.gguf.part")
    with pytest.raises(InvalidFileError, match="not complete"):
        resolve(reference)


@pytest.mark.parametrize("looked_before", [True, False])
@pytest.mark.parametrize("reference", ["{}", "m", "m.gguf", "o/r/m.gguf"])
def test_a_file_that_is_cut_short_is_never_returned(reference: str, looked_before: bool) -> None:
    path = files.cut(models_dir() / "o/r/m.gguf")
    if looked_before:
        library.refresh()
    with pytest.raises(InvalidFileError, match=r"cut short|not complete"):
        resolve(reference.format(path))


def test_half_a_download_is_refused_by_its_path() -> None:
    for name in ("m.gguf.part", "n.gguf"):
        path = files.model(models_dir() / name)
        Path(f"{models_dir()}/n.gguf.aria2").touch()
        with pytest.raises(InvalidFileError, match="half a download"):
            resolve(str(path))


def test_any_part_of_a_set_means_its_first() -> None:
    first, _, third = files.parts(models_dir() / "o/r", "m", 3)
    assert resolve(str(third)) == first
    assert resolve(third.name) == first
    assert resolve("m") == first


def test_a_set_of_which_a_part_is_missing_or_cut_is_refused() -> None:
    first, second, third = files.parts(models_dir() / "o/r", "m", 3)
    with third.open("r+b") as stream:
        stream.truncate(third.stat().st_size - 1)
    for reference in (str(first), "m"):
        with pytest.raises(InvalidFileError):
            resolve(reference)
    second.unlink()
    for reference in (str(first), "m", first.name):
        with pytest.raises(InvalidFileError, match="missing"):
            resolve(reference)


def test_a_whole_file_comes_before_half_of_another() -> None:
    files.cut(models_dir() / "o/r/m-Q8_0.gguf")
    whole = files.model(models_dir() / "o/r/m-Q4_K.gguf")
    library.refresh()
    assert resolve("m-Q") == whole
    assert resolve("hub:o/r") == whole


def test_what_came_after_the_last_look_is_found() -> None:
    library.refresh()
    path = files.model(models_dir() / "new.gguf")
    assert resolve("new") == path
    path.unlink()
    with pytest.raises(NotFoundError):
        resolve("new")


def test_half_a_download_does_not_hide_the_file_that_it_replaces() -> None:
    path = files.model(models_dir() / "o/r/m.gguf")
    half = files.model(models_dir() / "o/r/.m.gguf.0a1b.part")
    found = library.refresh()
    assert {model.label for model in found.models if model.where == "termai"} == {"m"}
    assert resolve("m") == path
    assert resolve("o/r/m.gguf") == path
    assert library.known().at(half) is not None


def test_an_address_is_named_without_its_password() -> None:
    with pytest.raises(NotFoundError, match=r"The model https://h/a\.gguf is not in") as raised:
        resolve("https://me:hunter2@h/a.gguf?token=hunter2")
    assert "hunter2" not in str(raised.value)
