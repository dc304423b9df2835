"""What removing a model takes away, and what it leaves."""

import os
from pathlib import Path

import pytest

from termai import settings
from termai.errors import NotFoundError, StorageError, UsageError
from termai.models import library, removal
from termai.paths import models_dir
from tests.models import files
from tests.models.removing import full, left, looked, paths, planned


@pytest.fixture
def ollama(home: Path) -> Path:
    root = home / "home/.ollama/models"
    full(files.blob(root, "m"))
    return root


@pytest.fixture
def hub(home: Path) -> Path:
    return home / "home/.cache/huggingface/hub"


def test_a_model_goes_with_its_parts_and_the_directories_that_it_leaves_empty() -> None:
    parts = files.parts(models_dir() / "o/r", "m", 3)
    files.model(models_dir() / "o/other/n.gguf")
    plan = planned("m")
    assert paths(plan) == parts
    assert plan.program == "termai"
    removal.remove(plan)
    assert left(models_dir()) == {"o/other/n.gguf"}
    assert not (models_dir() / "o/r").exists()
    assert models_dir().exists()


def test_a_plan_touches_nothing_and_says_what_it_frees() -> None:
    path = full(models_dir() / "o/r/m.gguf")
    plan = planned("m")
    assert plan.frees == path.stat().st_size
    assert path.exists()


def test_holes_in_a_file_free_nothing() -> None:
    path = models_dir() / "m.gguf"
    files.model(path)
    with path.open("r+b") as stream:
        stream.truncate(1 << 30)
    assert planned("m").frees < 1 << 20


def test_a_second_name_of_a_file_keeps_its_room(home: Path) -> None:
    path = full(models_dir() / "o/r/m.gguf")
    os.link(path, home / "second")
    plan = planned("m")
    assert plan.frees == 0
    assert "hard link" in " ".join(plan.stays)
    removal.remove(plan)
    assert (home / "second").stat().st_size > 0


def test_of_a_link_only_the_link_goes(home: Path) -> None:
    target = full(home / "elsewhere/m.gguf")
    models_dir().mkdir(parents=True)
    (models_dir() / "link.gguf").symlink_to(target)
    plan = planned("link")
    assert plan.frees == 0
    assert str(target) in " ".join(plan.stays)
    removal.remove(plan)
    assert target.exists()
    assert left(models_dir()) == set()


def test_a_file_behind_a_linked_directory_is_its_programs(home: Path) -> None:
    path = files.model(home / "home/.lmstudio/models/o/r/m.gguf")
    models_dir().mkdir(parents=True)
    (models_dir() / "linked").symlink_to(home / "home/.lmstudio/models")
    model, found = looked("m")
    assert model.where == "termai"
    plan = removal.plan(model, found)
    assert plan.program == "LM Studio"
    removal.remove(plan)
    assert not path.exists()
    assert path.parent.exists()


def test_the_projector_goes_only_when_asked_and_when_nothing_else_uses_it() -> None:
    files.model(models_dir() / "d/m-Q4_K_M.gguf")
    second = files.model(models_dir() / "d/m-Q8_0.gguf", general__name="other")
    eyes = files.projector(models_dir() / "d/mmproj.gguf")
    assert eyes not in paths(planned("m-Q4_K_M"))
    shared = planned("m-Q4_K_M", projector=True)
    assert eyes not in paths(shared)
    assert "uses it, too" in " ".join(shared.stays)
    second.unlink()
    assert eyes in paths(planned("m-Q4_K_M", projector=True))


def test_the_model_that_comes_with_termai_stays() -> None:
    with pytest.raises(UsageError, match="comes with termai"):
        planned("builtin:smoke")


def test_a_model_in_use_stays(home: Path) -> None:
    first, second = files.parts(models_dir() / "o/r", "m", 2)
    (home / "link").symlink_to(first)
    for used in (first, second, home / "link"):
        with pytest.raises(UsageError, match="in use"):
            removal.remove(planned("m"), [home / "nothing", used])
    assert first.exists()
    assert second.exists()


def test_a_file_that_became_another_stays() -> None:
    path = files.model(models_dir() / "m.gguf")
    plan = planned("m")
    path.unlink()
    path.write_bytes(b"something else")
    with pytest.raises(StorageError, match="changed meanwhile"):
        removal.remove(plan)
    assert path.exists()


def test_a_file_that_has_gone_is_told() -> None:
    path = files.model(models_dir() / "m.gguf")
    model, found = looked("m")
    plan = removal.plan(model, found)
    path.unlink()
    with pytest.raises(StorageError, match="gone meanwhile"):
        removal.remove(plan)
    with pytest.raises(NotFoundError, match="not there any more"):
        removal.plan(model, found)


def test_a_directory_that_may_not_be_changed_is_told_before_anything_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = files.parts(models_dir() / "o/r", "m", 2)
    plan = planned("m")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StorageError, match="nothing was removed"):
        removal.remove(plan)
    assert first.exists()
    assert second.exists()


def test_half_a_download_goes_with_its_pieces(ollama: Path) -> None:
    half = files.model(Path(f"{files.blob(ollama, 'half')}-partial"))
    for piece in range(3):
        Path(f"{half}-{piece}").write_text("{}")
    other = Path(f"{files.blob(ollama, 'more')}-partial-0")
    other.write_text("{}")
    (ollama / "manifests").mkdir()
    found = library.refresh()
    (model,) = [one for one in found.models if one.incomplete]
    removal.remove(removal.plan(model, found))
    assert {name for name in left(ollama / "blobs") if "partial" in name} == {other.name}


def test_a_tag_of_ollama_goes_before_the_blobs_that_nothing_else_names(ollama: Path) -> None:
    manifest = files.tag(
        ollama, "registry.ollama.ai/library/qwen3/8b", model="m", template="t", license="apache"
    )
    other = files.tag(ollama, "hf.co/org/name/Q4", model="other", license="apache")
    plan = planned("qwen3:8b")
    assert plan.program == "Ollama"
    assert paths(plan)[0] == manifest
    assert set(paths(plan)[1:]) == {files.blob(ollama, "m"), files.blob(ollama, "t")}
    assert plan.frees >= files.blob(ollama, "m").stat().st_size
    removal.remove(plan)
    assert left(ollama / "blobs") == {
        files.blob(ollama, name).name for name in ("other", "apache", "config")
    }
    assert other.exists()


def test_a_blob_that_another_tag_names_stays(ollama: Path) -> None:
    for name in ("8b", "latest"):
        files.tag(ollama, f"registry.ollama.ai/library/qwen3/{name}", model="m")
    plan = planned("qwen3:latest")
    assert [path.name for path in paths(plan)] == ["latest"]
    assert "qwen3:8b" in " ".join(plan.stays)
    assert plan.frees < 1000
    removal.remove(plan)
    assert looked("qwen3:8b")[0].startable
    removal.remove(planned("qwen3:8b"))
    assert left(ollama) == set()


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        *(("qwen3", "latest"), ("qwen3:latest", "latest"), ("Qwen3:8B", "8b")),
        ("registry.ollama.ai/library/qwen3", "latest"),
    ],
)
def test_the_tag_goes_that_ollama_would_take(ollama: Path, typed: str, tag: str) -> None:
    for name in ("8b", "latest"):
        files.tag(ollama, f"registry.ollama.ai/library/qwen3/{name}", model="m")
    assert [path.name for path in paths(planned(typed))] == [tag]


@pytest.mark.parametrize("broken", ["", "{", '{"layers": [{"digest": "sha256:zz"}]}'])
def test_no_blob_goes_while_a_manifest_cannot_be_read(ollama: Path, broken: str) -> None:
    files.tag(ollama, "registry.ollama.ai/library/qwen3/8b", model="m")
    unreadable = files.tag(ollama, "hf.co/org/name/.hidden", model="m")
    unreadable.write_text(broken)
    plan = planned("qwen3:8b")
    assert [path.name for path in paths(plan)] == ["8b"]
    assert "cannot be read" in " ".join(plan.stays)


def test_no_blob_goes_while_a_directory_of_manifests_cannot_be_seen(
    ollama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from termai.models import ollama as store

    def closed(_: Path) -> tuple[Path, ...]:
        raise PermissionError(13, "Permission denied", "/closed")

    files.tag(ollama, "registry.ollama.ai/library/qwen3/8b", model="m")
    monkeypatch.setattr(store, "manifests", closed)
    plan = planned("qwen3:8b")
    assert [path.name for path in paths(plan)] == ["8b"]
    assert "/closed" in " ".join(plan.stays)


def test_in_a_hub_cache_links_go_before_their_blob(hub: Path) -> None:
    links = [files.snapshot(hub, "org/name", commit, "m.gguf") for commit in ("a1", "b2")]
    kept = files.snapshot(hub, "org/name", "b2", "n.gguf")
    plan = planned("org/name/m.gguf")
    assert set(paths(plan)[:2]) == set(links)
    assert paths(plan)[2].name == "oid-m.gguf"
    assert plan.program == "Hugging Face"
    removal.remove(plan)
    assert kept.exists()
    assert {p.name for p in (hub / "models--org--name/blobs").iterdir()} == {"oid-n.gguf"}
    assert (hub / "models--org--name/snapshots/a1").exists()


def test_the_hub_client_finds_nothing_wrong_with_what_is_left(hub: Path) -> None:
    from huggingface_hub import scan_cache_dir

    for commit in ("a" * 40, "b" * 40):
        for name in ("sub/m.gguf", "n.gguf"):
            files.snapshot(hub, "org/name", commit, name)
    (hub / "models--org--name/refs").mkdir()
    (hub / "models--org--name/refs/main").write_text("b" * 40)
    for name in ("org/name/sub/m.gguf", "org/name/n.gguf"):
        removal.remove(planned(name))
        assert scan_cache_dir(hub).warnings == []
    assert scan_cache_dir(hub).size_on_disk == 0


def test_a_blob_of_a_hub_cache_that_something_else_is_stays(hub: Path) -> None:
    link = files.snapshot(hub, "org/name", "a1", "m.gguf", "shared")
    other = link.with_name("weights.bin")
    other.symlink_to(os.readlink(link))  # noqa: PTH115
    plan = planned("org/name/m.gguf")
    assert paths(plan) == [link]
    assert plan.frees == 0
    removal.remove(plan)
    assert other.exists()


def test_a_hub_cache_without_links_loses_the_file_itself(hub: Path) -> None:
    path = full(hub / "models--org--name/snapshots/a1/m.gguf")
    plan = planned("org/name/m.gguf")
    assert paths(plan) == [path]
    assert plan.frees == path.stat().st_size


def test_notes_of_llama_cpp_go_with_its_file(home: Path) -> None:
    path = files.model(home / "home/.cache/llama.cpp/o_r_m.gguf")
    Path(f"{path}.etag").write_text("x")
    plan = planned("o_r_m")
    assert [p.name for p in paths(plan)] == ["o_r_m.gguf", "o_r_m.gguf.etag"]


def test_a_disk_that_fails_half_way_says_what_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    _, second = files.parts(models_dir() / "o/r", "m", 2)
    original = Path.unlink

    def failing(self: Path, missing_ok: bool = False) -> None:
        if self == second:
            raise OSError(5, "Input/output error")
        original(self, missing_ok)

    plan = planned("m")
    monkeypatch.setattr(Path, "unlink", failing)
    with pytest.raises(StorageError, match="1 of 2 files are gone"):
        removal.remove(plan)


@pytest.mark.parametrize("kind", ["projector", "adapter"])
def test_a_part_of_a_model_of_ollama_is_not_removed_by_itself(ollama: Path, kind: str) -> None:
    {"projector": files.projector, "adapter": files.adapter}[kind](files.blob(ollama, "part"))
    for name in ("vis", "vis2"):
        files.tag(
            ollama, f"registry.ollama.ai/library/{name}/latest", **{"model": "m", kind: "part"}
        )
    with pytest.raises(UsageError, match="vis2:latest, vis:latest"):
        planned(str(files.blob(ollama, "part")))
    removal.remove(planned("vis"))
    assert files.blob(ollama, "part").exists()
    removal.remove(planned("vis2"))
    assert left(ollama) == set()


def test_a_part_of_ollama_stays_while_a_manifest_cannot_be_read(ollama: Path) -> None:
    files.projector(files.blob(ollama, "part"))
    files.tag(ollama, "registry.ollama.ai/library/vis/latest", model="m", projector="part")
    model, found = looked(str(files.blob(ollama, "part")))
    files.tag(ollama, "hf.co/org/name/broken").write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        removal.plan(model, found)


def test_who_uses_a_projector_is_said_when_it_is_removed() -> None:
    for name in ("m-Q4_K_M", "m-Q8_0"):
        files.model(models_dir() / f"d/{name}.gguf", general__name=name)
    files.projector(models_dir() / "d/mmproj.gguf")
    assert "m-Q4_K_M, m-Q8_0 will have to do without it" in " ".join(planned("mmproj").stays)


def test_a_linked_directory_that_leads_out_of_every_store_is_said(home: Path) -> None:
    path = full(home / "elsewhere/m.gguf")
    (models_dir() / "t").mkdir(parents=True)
    (models_dir() / "t/smoke-GGUF").symlink_to(path.parent)
    plan = planned("m")
    assert paths(plan) == [path]
    assert (plan.outside, plan.program, plan.emptied) == (path.parent, "", ())
    assert f"It lies in {path.parent}, outside" in plan.stays[0]
    removal.remove(plan)
    assert not path.exists()
    assert path.parent.exists()


def test_the_smoke_model_is_not_removed_through_a_link_to_its_directory() -> None:
    from termai.models import smoke

    models_dir().mkdir(parents=True)
    (models_dir() / "linked").symlink_to(smoke.model_path().parent)
    for typed in (smoke.model_path().stem, str(models_dir() / "linked" / smoke.model_path().name)):
        with pytest.raises(UsageError, match="comes with termai"):
            planned(typed)


def test_stores_of_ollama_that_share_blobs_are_counted_together(
    ollama: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = home / "other"
    other.mkdir()
    (other / "blobs").symlink_to(ollama / "blobs")
    monkeypatch.setenv("OLLAMA_MODELS", str(other))
    settings.save(model_dirs=(str(ollama),))
    mine = files.tag(ollama, "registry.ollama.ai/library/mine/latest", model="m")
    theirs = files.tag(other, "registry.ollama.ai/library/theirs/latest", model="m")
    for typed, manifest, stays in (("mine", mine, "theirs"), ("theirs", theirs, "mine")):
        plan = planned(typed)
        assert paths(plan) == [manifest]
        assert f"{stays}:latest needs it" in " ".join(plan.stays)
    removal.remove(planned("mine"))
    assert files.blob(ollama, "m").name in {path.name for path in paths(planned("theirs"))}


def test_a_store_of_ollama_behind_a_link_is_counted_once(ollama: Path, home: Path) -> None:
    (home / "same").symlink_to(ollama)
    settings.save(model_dirs=(str(home / "same"),))
    files.tag(ollama, "registry.ollama.ai/library/mine/latest", model="m")
    removal.remove(planned("mine"))
    assert left(ollama) == set()


def test_manifests_behind_a_linked_directory_count(ollama: Path, home: Path) -> None:
    files.tag(ollama, "registry.ollama.ai/library/mine/latest", model="m")
    linked = files.tag(ollama, "hf.co/org/name/Q4", model="m").parents[2]
    linked.rename(home / "hf.co")
    linked.symlink_to(home / "hf.co")
    (home / "hf.co/org/round").symlink_to(home / "hf.co")
    plan = planned("mine")
    assert [path.name for path in paths(plan)] == ["latest"]
    assert "hf.co/org/name:Q4 needs it" in " ".join(plan.stays)


def test_a_store_of_ollama_that_a_link_leads_out_to_is_said(home: Path) -> None:
    root = home / "elsewhere/ollama"
    full(files.blob(root, "m"))
    manifest = files.tag(root, "registry.ollama.ai/library/mine/latest", model="m")
    models_dir().mkdir(parents=True)
    (models_dir() / "linked").symlink_to(root)
    plan = planned("mine")
    assert paths(plan)[0] == manifest
    assert (plan.outside, plan.program) == (manifest.parent, "")
    assert str(manifest.parent) in plan.stays[0]
    removal.remove(plan)
    assert left(root) == set()


def test_blobs_that_ollama_keeps_elsewhere_are_said_to_be_there(ollama: Path, home: Path) -> None:
    files.tag(ollama, "registry.ollama.ai/library/mine/latest", model="m")
    (ollama / "blobs").rename(home / "blobs")
    (ollama / "blobs").symlink_to(home / "blobs")
    plan = planned("mine")
    assert home / "blobs" / files.blob(ollama, "m").name in paths(plan)
    assert (plan.outside, plan.program) == (home / "blobs", "Ollama")
    assert str(home / "blobs") in plan.stays[0]


def test_what_lies_in_a_directory_of_the_users_is_the_users(home: Path) -> None:
    path = files.model(home / "AI/sub/m.gguf")
    models_dir().mkdir(parents=True)
    (models_dir() / "linked").symlink_to(home / "AI")
    settings.save(model_dirs=(str(home / "AI"),))
    plan = planned("m")
    assert (plan.program, plan.emptied, plan.outside) == ("", (), None)
    removal.remove(plan)
    assert path.parent.exists()
    assert not path.exists()


def test_links_to_links_that_lead_nowhere_then_are_named(hub: Path) -> None:
    snapshot = files.snapshot(hub, "org/name", "a1", "m.gguf", "shared")
    files.snapshot(hub, "org/name", "a1", "n.gguf", "shared")
    mine = models_dir() / "mine.gguf"
    models_dir().mkdir(parents=True)
    mine.symlink_to(snapshot)
    plan = planned("org/name/m.gguf")
    assert paths(plan) == [snapshot]
    assert f"{mine} is a link to it" in " ".join(plan.stays)
    assert "lead nowhere" not in " ".join(planned("org/name/n.gguf").stays)
