"""Which model a name means that is to be removed: exactly one, or none."""

import os
from pathlib import Path

import pytest

from termai.errors import NotFoundError, UsageError
from termai.models import library, removal
from termai.paths import models_dir
from tests.models import files
from tests.models.removing import full, left, paths, planned


@pytest.fixture
def hub(home: Path) -> Path:
    return home / "home/.cache/huggingface/hub"


@pytest.fixture
def lm_studio(home: Path) -> Path:
    return home / "home/.lmstudio/models"


def link(path: Path, target: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def hard_link(path: Path, target: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(target, path)
    return path


def test_a_part_of_a_name_removes_nothing_and_lists_what_is_near() -> None:
    files.model(models_dir() / "tiny.gguf")
    precious = files.model(models_dir() / "tiny-finetune-precious.gguf")
    removal.remove(planned("tiny"))
    with pytest.raises(NotFoundError, match="near it are tiny-finetune-precious"):
        planned("tiny")
    assert precious.exists()


@pytest.mark.parametrize("typed", ["", " ", "\t"])
def test_an_empty_name_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="No model is named"):
        planned(typed)


@pytest.mark.parametrize("typed", ["r:Q8_0", "o/r", "hub:o/r", "Q8_0", "m-q8_0", "M", "-Q8_0.gguf"])
def test_a_repository_or_another_spelling_is_no_name_to_remove(typed: str) -> None:
    path = files.model(models_dir() / "o/r/m-Q8_0.gguf", general__file_type=7)
    with pytest.raises(NotFoundError):
        planned(typed)
    assert path.exists()


@pytest.mark.parametrize(
    "typed", ["{}", "m", "m-Q4_K", "m-Q4_K.gguf", "r/m-Q4_K", "o/r/m-Q4_K", "o/r/m-Q4_K.gguf"]
)
def test_every_exact_name_of_a_model_removes_it(typed: str) -> None:
    path = files.model(models_dir() / "o/r/m-Q4_K.gguf")
    assert paths(planned(typed.format(path))) == [path]


def test_half_a_download_beside_the_whole_is_ambiguous_and_goes_by_its_path() -> None:
    whole = files.model(models_dir() / "o/r/w.gguf")
    half = files.model(models_dir() / "o/r/w.gguf.part")
    for typed in ("w", "w.gguf", "o/r/w.gguf"):
        with pytest.raises(UsageError, match="ambiguous") as caught:
            planned(typed)
        assert str(whole) in str(caught.value)
        assert str(half) in str(caught.value)
    assert paths(planned(str(half))) == [half]
    assert paths(planned("w.gguf.part")) == [half]
    removal.remove(planned(str(half)))
    assert paths(planned("w")) == [whole]


def test_half_a_part_beside_the_whole_set_goes_by_its_path() -> None:
    parts = files.parts(models_dir() / "o/r", "m", 2)
    half = files.model(Path(f"{parts[1]}.part"))
    assert paths(planned("m")) == parts
    assert paths(planned(str(half))) == [half]


def test_one_name_in_two_stores_is_ambiguous(lm_studio: Path) -> None:
    ours = files.model(models_dir() / "o/r/m.gguf")
    theirs = files.model(lm_studio / "o/r/m.gguf", general__name="other")
    for typed in ("m", "m.gguf", "o/r/m.gguf"):
        with pytest.raises(UsageError, match="ambiguous"):
            planned(typed)
    assert paths(planned(str(ours))) == [ours]
    assert planned(str(theirs)).program == "LM Studio"
    assert paths(planned(str(theirs))) == [theirs]


def test_a_short_label_of_two_models_is_ambiguous() -> None:
    for quantization in ("Q4_K", "F16"):
        files.model(models_dir() / f"m-{quantization}.gguf", general__name=quantization)
    files.model(models_dir() / "m.gguf")
    with pytest.raises(UsageError, match="ambiguous"):
        planned("m")


def test_of_two_hard_links_the_named_one_goes() -> None:
    keep = full(models_dir() / "aa/aa/keepme.gguf")
    copy = hard_link(models_dir() / "zz/zz/copy.gguf", keep)
    for typed in ("zz/zz/copy", "copy", "copy.gguf", str(copy)):
        plan = planned(typed)
        assert paths(plan) == [copy]
        assert plan.frees == 0
    assert paths(planned("keepme")) == [keep]
    removal.remove(planned("zz/zz/copy"))
    assert left(models_dir()) == {"aa/aa/keepme.gguf"}
    assert not copy.parent.exists()


def test_hard_links_of_one_name_in_two_stores_are_ambiguous(lm_studio: Path) -> None:
    ours = files.model(models_dir() / "o/r/m.gguf")
    theirs = hard_link(lm_studio / "o/r/m.gguf", ours)
    with pytest.raises(UsageError, match="ambiguous"):
        planned("m.gguf")
    assert paths(planned(str(theirs))) == [theirs]


def test_a_link_and_the_file_that_it_leads_to_are_told_apart(lm_studio: Path) -> None:
    theirs = files.model(lm_studio / "p/q/lms.gguf")
    mine = link(models_dir() / "zz/zz/mine.gguf", theirs)
    assert paths(planned("mine")) == [mine]
    for typed in ("p/q/lms", "lms", str(theirs)):
        plan = planned(typed)
        assert paths(plan) == [theirs]
        assert plan.program == "LM Studio"
        assert f"{mine} is a link to it" in " ".join(plan.stays)


def test_a_path_from_elsewhere_is_refused_with_the_one_that_is_meant(home: Path) -> None:
    path = files.model(models_dir() / "o/r/m.gguf")
    outside = link(home / "outside.gguf", path)
    with pytest.raises(NotFoundError, match=str(path)):
        planned(str(outside))
    with pytest.raises(NotFoundError):
        planned("/no/such/file.gguf")


def test_two_ways_through_directories_are_one_file(lm_studio: Path) -> None:
    path = files.model(lm_studio / "o/r/m.gguf")
    way = link(models_dir() / "linked", lm_studio)
    assert [one.name for one in paths(planned("m"))] == ["m.gguf"]
    for typed in (str(path), str(way / "o/r/m.gguf")):
        removal.plan(*_looked(typed))
    removal.remove(planned(str(path)))
    assert not path.exists()


def _looked(typed: str) -> tuple[library.ModelFile, library.Library]:
    from tests.models.removing import looked

    return looked(typed)


def test_of_two_names_of_one_blob_of_a_hub_cache_the_named_one_goes(hub: Path) -> None:
    first = files.snapshot(hub, "org/name", "a1", "m.gguf", "shared")
    second = files.snapshot(hub, "org/name", "a1", "n.gguf", "shared")
    for typed, gone, stays in (("m.gguf", first, second), ("n.gguf", second, first)):
        plan = planned(f"org/name/{typed}")
        assert paths(plan) == [gone]
        assert str(stays) in " ".join(plan.stays)
    removal.remove(planned("org/name/n.gguf"))
    assert [path.name for path in paths(planned("org/name/m.gguf"))] == ["m.gguf", "shared"]


def test_any_snapshots_link_means_its_file_but_the_blob_does_not(hub: Path) -> None:
    links = [files.snapshot(hub, "org/name", commit, "m.gguf") for commit in ("a1", "b2")]
    for typed in links:
        assert set(paths(planned(str(typed)))[:2]) == set(links)
    blob = hub / "models--org--name/blobs/oid-m.gguf"
    with pytest.raises(NotFoundError, match=r"m\.gguf"):
        planned(str(blob))


def test_a_tag_goes_by_its_manifest_and_a_blob_of_two_tags_is_ambiguous(home: Path) -> None:
    root = home / "home/.ollama/models"
    blob = full(files.blob(root, "m"))
    tags = [
        files.tag(root, f"registry.ollama.ai/{name}", model="m")
        for name in ("library/qwen3/8b", "someone/own/latest")
    ]
    for tag in tags:
        assert paths(planned(str(tag))) == [tag]
    with pytest.raises(UsageError, match="ambiguous"):
        planned(str(blob))
    with pytest.raises(NotFoundError, match="near it"):
        planned("own")
