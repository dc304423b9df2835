"""Bounded reading of logs, and of logs whose middle was given back to the disk."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.jobs import bound as bounding
from termai.jobs import log
from termai.jobs.bound import HEAD_BYTES, bound

LIMIT = 2 << 20


def append(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)


def fill(path: Path, lines: int) -> bytes:
    content = b"".join(b"line %08d of the log of a server\n" % n for n in range(lines))
    with path.open("ab") as stream:
        stream.write(content)
    return content


def test_tail_gives_the_last_lines(tmp_path: Path) -> None:
    fill(tmp_path / "log", 100_000)
    assert log.tail(tmp_path / "log", 2) == [
        "line 00099998 of the log of a server",
        "line 00099999 of the log of a server",
    ]


def test_tail_of_much_takes_its_time_once(tmp_path: Path) -> None:
    content = fill(tmp_path / "log", 1_000_000)
    began = time.monotonic()
    lines = log.tail(tmp_path / "log", 900_000, max_bytes=1 << 30)
    assert time.monotonic() - began < 10
    assert len(lines) == 900_000
    assert content.endswith(f"{lines[-1]}\n".encode())


def test_tail_of_little_or_nothing(tmp_path: Path) -> None:
    assert log.tail(tmp_path / "log", 5) == []
    (tmp_path / "log").write_bytes(b"")
    assert log.tail(tmp_path / "log", 5) == []
    (tmp_path / "log").write_bytes(b"one\ntwo")
    assert log.tail(tmp_path / "log", 5) == ["one", "two"]
    assert log.tail(tmp_path / "log", 0) == []


def test_following_after_the_tail_neither_repeats_nor_misses(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\nthr")
    lines, offset = log.tail_to_follow(path, 1)
    with path.open("ab") as stream:
        stream.write(b"ee\nfour\n")
    assert lines == ["two"]
    assert list(log.follow(path, offset, lambda: False)) == ["three", "four"]


def test_tail_reads_no_more_than_it_may(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 300_000 + b"\nlast\n")
    assert log.tail(tmp_path / "log", 5, max_bytes=1000) == ["last"]


def test_escape_sequences_do_not_come_out(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\x1b]0;title\x07red \x1b[31mred\x9b2J \xff\r\n")
    assert log.tail(tmp_path / "log", 1) == ["red red\ufffd2J \ufffd"]
    assert list(log.read_lines(tmp_path / "log")) == log.tail(tmp_path / "log", 1)


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    content = fill(tmp_path / "log", 1000)
    descriptor = append(tmp_path / "log")
    assert bound(descriptor, LIMIT) == 0
    os.close(descriptor)
    assert (tmp_path / "log").read_bytes() == content


def test_a_long_log_loses_its_middle_and_keeps_its_offsets(tmp_path: Path) -> None:
    path = tmp_path / "log"
    content = fill(path, 200_000)
    descriptor = append(path)
    freed = bound(descriptor, LIMIT)
    os.write(descriptor, b"written after\n")
    os.close(descriptor)
    assert freed > len(content) - LIMIT
    assert path.stat().st_blocks * 512 <= LIMIT
    assert path.stat().st_size == len(content) + len("written after\n")
    kept = path.read_bytes()
    assert kept[:HEAD_BYTES] == content[:HEAD_BYTES]
    assert kept[-1000:-14] == (content + b"written after\n")[-1000:-14]
    assert kept.endswith(b"written after\n")


def test_reading_on_steps_over_the_hole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    content = fill(path, 200_000)
    descriptor = append(path)
    bound(descriptor, LIMIT)
    os.close(descriptor)
    pieces, offset = [], 0
    while True:
        data, following = log.read_new(path, offset)
        if following == offset:
            break
        assert content[following - len(data) : following] == data
        pieces.append(data)
        offset = following
    assert offset == len(content)
    assert b"".join(pieces).startswith(content[:HEAD_BYTES])
    assert sum(map(len, pieces)) <= LIMIT


def test_a_person_sees_where_the_middle_was(tmp_path: Path) -> None:
    path = tmp_path / "log"
    fill(path, 200_000)
    descriptor = append(path)
    freed = bound(descriptor, LIMIT)
    os.close(descriptor)
    lines = list(log.read_lines(path))
    assert lines[0] == "line 00000000 of the log of a server"
    assert lines[-1] == "line 00199999 of the log of a server"
    assert [line for line in lines if "dropped" in line] == [
        f"[{freed} bytes of log were dropped here]"
    ]


def test_tail_does_not_reach_across_the_hole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    fill(path, 200_000)
    descriptor = append(path)
    bound(descriptor, LIMIT)
    os.close(descriptor)
    lines = log.tail(path, 1_000_000, max_bytes=1 << 30)
    assert all(line.startswith("line ") for line in lines)
    assert lines[-1] == "line 00199999 of the log of a server"
    assert len("\n".join(lines)) <= LIMIT


def test_without_holes_the_log_is_cut_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(descriptor: int, start: int, length: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(bounding, "punch", unsupported)
    path = tmp_path / "log"
    content = fill(path, 200_000)
    descriptor = append(path)
    assert bound(descriptor, LIMIT) > 0
    assert path.stat().st_size <= LIMIT
    _, offset = log.read_new(path, len(content))
    os.write(descriptor, b"written after\n")
    os.close(descriptor)
    assert path.read_bytes()[:HEAD_BYTES] == content[:HEAD_BYTES]
    assert "were dropped here" in log.tail(path, 2)[0]
    assert log.read_new(path, offset) == (b"written after\n", path.stat().st_size)


def test_a_system_without_the_call_cuts_the_log_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(descriptor: int, start: int, length: int) -> None:
        raise ImportError("No module named '_ctypes'")

    monkeypatch.setattr(bounding, "punch", missing)
    fill(tmp_path / "log", 200_000)
    descriptor = append(tmp_path / "log")
    assert bound(descriptor, LIMIT) > 0
    os.close(descriptor)
    assert (tmp_path / "log").stat().st_size <= LIMIT


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_refused_without_waiting(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "log")
    for read in (log.read_new, log.tail):
        with pytest.raises(InvalidFileError, match="a log is expected there"):
            read(tmp_path / "log", 1)


def test_following_yields_what_comes_until_the_writer_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old\n")
    written = [b"one\ntw", b"o\n", b"unfinished"]

    def alive() -> bool:
        if written:
            with path.open("ab") as stream:
                stream.write(written.pop(0))
        return bool(written)

    assert list(log.follow(path, 4, alive, poll_s=0.0)) == ["one", "two", "unfinished"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=12))
def test_lines_do_not_depend_on_how_the_bytes_arrive(tmp_path: Path, pieces: list[bytes]) -> None:
    whole, split = log.LineSplitter(), log.LineSplitter()
    together = whole.feed(b"".join(pieces)) + whole.flush()
    apart = [line for piece in pieces for line in split.feed(piece)] + split.flush()
    assert apart == together
    assert all("\n" not in line and "\x1b" not in line for line in together)


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    splitter = log.LineSplitter()
    for _ in range(100):
        assert splitter.feed(b"x" * 10_000) == []
    assert splitter.flush() == ["x" * log.LINE_LIMIT]
