"""What a model reference means."""

from pathlib import Path

import pytest

from termai import settings
from termai.errors import NotFoundError, UsageError
from termai.models.resolve import resolve
from termai.paths import models_dir
from tests.gguf.building import build


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
