"""Stores that nobody made for us: pipes, devices, odd names, errors of disks, and many files."""

import errno
import os
import socket
import time
from pathlib import Path

import pytest

from termai import settings
from termai.gguf.header import read_header
from termai.models import facts, library, walking
from termai.models.listing import Listing, listing
from termai.models.walking import Walk
from termai.paths import models_dir
from tests.models import files
from tests.models.files import listed


def test_pipes_sockets_and_devices_are_no_models(home: Path) -> None:
    models_dir().mkdir(parents=True)
    os.mkfifo(models_dir() / "pipe.gguf")
    os.mkfifo(models_dir() / "pipe.gguf.part")
    (models_dir() / "zero.gguf").symlink_to("/dev/zero")
    (models_dir() / "tty.gguf").symlink_to("/dev/tty")
    (models_dir() / "directory.gguf").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        where = os.open(models_dir(), os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{where}/socket.gguf")
        os.close(where)
        assert listed() == {}


def test_a_pipe_in_a_store_of_ollama_or_the_hub_is_no_hang(home: Path) -> None:
    ollama, hub = home / "home/.ollama/models", home / "home/.cache/huggingface/hub"
    manifest = files.tag(ollama, "registry.ollama.ai/library/a/1", model="m")
    manifest.unlink()
    os.mkfifo(manifest)
    pipe = files.blob(ollama, "pipe")
    files.tag(ollama, "registry.ollama.ai/library/b/1", model="pipe")
    pipe.unlink()
    os.mkfifo(pipe)
    refs = files.snapshot(hub, "o/n", "c0", "m.gguf").parents[2] / "refs"
    refs.mkdir()
    os.mkfifo(refs / "main")
    os.mkfifo(home / "home/.lmstudio-home-pointer")
    assert set(listed()) == {"o/n/m.gguf", "b:1"}
    assert not listed()["b:1"].startable


def test_loops_of_links_end() -> None:
    files.model(models_dir() / "a/m.gguf")
    (models_dir() / "a/loop.gguf").symlink_to("loop.gguf")
    (models_dir() / "a/b").symlink_to("c")
    (models_dir() / "a/c").symlink_to("b")
    (models_dir() / "a/up").symlink_to("..")
    assert list(listed()) == ["a/m.gguf"]


def test_a_directory_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    files.model(models_dir() / "open/m.gguf")
    (models_dir() / "closed").mkdir()
    original = listing

    def refused(directory: Path) -> Listing:
        if directory.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(directory))
        return original(directory)

    monkeypatch.setattr(walking, "listing", refused)
    found = library.refresh()
    assert list(listed(found)) == ["open/m.gguf"]
    assert found.problems == (
        f"{models_dir() / 'closed'} cannot be looked into: Permission denied.",
    )


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EACCES, errno.ETIMEDOUT])
def test_a_file_that_a_disk_does_not_give_says_so(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = files.model(models_dir() / "bad.gguf")
    files.model(models_dir() / "good.gguf")
    original = Path.stat

    def refused(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if self == bad:
            raise OSError(code, os.strerror(code), str(self))
        return original(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refused)
    found = listed()
    assert os.strerror(code) in found["bad.gguf"].trouble
    assert not found["bad.gguf"].startable
    assert found["good.gguf"].startable


def test_a_file_that_vanishes_before_it_is_read_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files.model(models_dir() / "gone.gguf")
    files.model(models_dir() / "here.gguf")
    original = facts.read

    def vanishing(paths: list[Path], *rest: object, **more: object) -> facts.Facts | None:
        if paths[0].name == "gone.gguf":
            paths[0].unlink()
        return original(paths, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(facts, "read", vanishing)
    assert list(listed()) == ["here.gguf"]


def test_a_fault_of_the_reader_hides_one_file_only(monkeypatch: pytest.MonkeyPatch) -> None:
    files.model(models_dir() / "bad.gguf")
    files.model(models_dir() / "good.gguf")
    original = read_header

    def faulty(path: Path, **more: object) -> object:
        if path.name == "bad.gguf":
            raise ZeroDivisionError
        return original(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(facts, "read_header", faulty)
    found = listed()
    assert "ZeroDivisionError" in found["bad.gguf"].trouble
    assert found["good.gguf"].startable


def test_a_directory_that_was_added_and_is_not_there_is_told(home: Path) -> None:
    settings.save(model_dirs=(str(home / "unmounted"),))
    assert library.refresh().problems == (f"{home / 'unmounted'} does not exist.",)


def test_no_more_directories_are_entered_than_there_may_be(home: Path) -> None:
    for number in range(30):
        (home / f"tree/d{number}").mkdir(parents=True)
    settings.save(model_dirs=(str(home / "tree"),))
    store = next(s for s in library.known().stores if s.expected)
    walk = Walk(store, most=10)
    assert list(walk) is not None
    assert len(walk.been) == 10
    assert "more than 10 directories" in walk.problems[0]


def test_the_trees_of_the_kernel_are_not_entered_through_links(home: Path) -> None:
    (home / "tree").mkdir()
    for number, target in enumerate(("/proc", "/sys", "/dev")):
        (home / f"tree/l{number}").symlink_to(target)
    settings.save(model_dirs=(str(home / "tree"),))
    walk = Walk(next(s for s in library.known().stores if s.expected))
    assert list(walk) == [[]]
    assert len(walk.been) == 1


def test_more_names_than_anyone_keeps_in_a_directory_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from termai.models import listing as module

    for number in range(5):
        files.model(models_dir() / f"m{number}.gguf")
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    found = library.refresh()
    assert len(listed(found)) == 3
    assert "holds more than" in found.problems[0]


def test_a_bad_file_with_a_name_that_is_not_utf_8_is_kept_in_the_index() -> None:
    models_dir().mkdir(parents=True)
    raw = os.fsencode(models_dir()) + b"/\xff\n\x1b[2J.gguf"
    Path(os.fsdecode(raw)).write_bytes(b"no model")
    found = library.refresh()
    (bad,) = listed(found).values()
    assert "not a GGUF file" in bad.trouble
    assert bad.trouble.isprintable()
    assert library.known().files == found.files


def test_trees_are_entered_to_a_depth_and_no_deeper() -> None:
    deep = models_dir()
    for number in range(walking.MAX_DEPTH + 3):
        files.model(deep / f"m{number}.gguf")
        deep = deep / f"d{number}"
    assert len(listed()) == walking.MAX_DEPTH + 1


def test_a_name_of_a_repository_cannot_leave_its_store(home: Path) -> None:
    hub = home / "home/.cache/huggingface/hub"
    files.snapshot(hub, "..--..--etc", "c0", "m.gguf")
    (found,) = listed().values()
    assert hub in found.path.parents


@pytest.mark.slow
def test_ten_thousand_files_are_listed_in_seconds() -> None:
    head = files.model(models_dir() / "first.gguf").read_bytes()
    for number in range(10_000):
        directory = models_dir() / f"o{number % 100}"
        directory.mkdir(exist_ok=True)
        (directory / f"m{number}.gguf").write_bytes(head)
    assert len(library.refresh().models) == 10_002
    start = time.monotonic()
    assert len(library.known().models) == 10_002
    assert len(library.refresh().models) == 10_002
    assert time.monotonic() - start < 20
