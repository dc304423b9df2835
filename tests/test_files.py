"""Whatever is killed, at whatever moment, and however full the disk: files still parse."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError
from termai.files import read_text, write_atomic
from tests.support import wait_until

_WRITER = """
import itertools, json, sys
from pathlib import Path
from termai.files import write_atomic
for n in itertools.count():
    write_atomic(Path(sys.argv[1]), json.dumps([n] * 20_000))
"""


def test_the_content_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_atomic(path, "eins")
    write_atomic(path, b"zwei")
    assert path.read_bytes() == b"zwei"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_mode_is_set_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        write_atomic(tmp_path / "file", "x", mode=0o644)
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "real").write_text("old")
    (tmp_path / "link").symlink_to("dotfiles/real")
    write_atomic(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dotfiles" / "real").read_text() == "new"


def test_a_place_that_cannot_even_be_looked_at_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        write_atomic(tmp_path / ("d" * 300) / "file", "new")


def test_a_file_system_that_cannot_flush_directories_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = os.fsync

    def refuse_directories(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_directories)
    write_atomic(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"


def test_a_link_to_nothing_gets_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("dotfiles/real")
    write_atomic(tmp_path / "link", "new")
    assert (tmp_path / "dotfiles" / "real").read_text() == "new"


def test_a_writer_killed_in_mid_write_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for round_ in range(12):
        before = path.stat().st_ino if path.exists() else 0
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)])
        try:
            wait_until(partial(_is_new, path, before), what="a write")
            if round_ % 2:
                wait_until(partial(_temporaries, tmp_path), what="a write under way")
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        values = json.loads(path.read_text())
        assert len(values) == 20_000
        assert len(set(values)) == 1


def _is_new(path: Path, inode: int) -> bool:
    return path.exists() and path.stat().st_ino != inode


def _temporaries(directory: Path) -> list[Path]:
    return [path for path in directory.iterdir() if path.suffix == ".tmp"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_an_error_and_leaves_what_was_there(small_disk: Path) -> None:
    path = small_disk / "file"
    write_atomic(path, "before")
    with pytest.raises(StorageError) as caught:
        write_atomic(path, b"\0" * 200_000)
    assert str(caught.value).startswith(f"{path} could not be written: No space left on device.")
    assert path.read_text() == "before"
    assert list(small_disk.iterdir()) == [path]


def test_a_read_only_disk_is_an_error(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match="Read-only file system"):
        write_atomic(small_disk / "new" / "file", "x")


def test_a_file_where_a_directory_belongs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        write_atomic(tmp_path / "file" / "below", "y")
    with pytest.raises(NotFoundError):
        read_text(tmp_path / "file" / "below")


def test_links_in_a_circle_are_an_error_or_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InvalidFileError, match="Too many levels of symbolic links"):
        read_text(tmp_path / "a")
    try:
        write_atomic(tmp_path / "a", "x")
    except TermaiError:
        return
    assert read_text(tmp_path / "a") == "x"


def test_a_program_that_is_interrupted_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "file", "x")
    assert list(tmp_path.glob("*file*")) == []
    assert list(tmp_path.glob(".*tmp")) == []


def test_text_is_read_without_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("\ufeffhä".encode())
    assert read_text(tmp_path / "file") == "hä"


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        read_text(tmp_path / "nothing")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x" * 11)
    assert len(read_text(tmp_path / "file", limit=11)) == 11
    with pytest.raises(InvalidFileError, match="larger than 10 bytes"):
        read_text(tmp_path / "file", limit=10)


def test_bytes_that_are_not_utf8_are_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a\nb\n\xff")
    with pytest.raises(InvalidFileError, match="line 3: the text is not UTF-8"):
        read_text(tmp_path / "file")


def test_a_directory_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="Is a directory"):
        read_text(tmp_path)


def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_text(tmp_path / "pipe") == ""
