"""Lines of a log found by offset: the same as reading it whole, whatever grows or goes."""

import os
import resource
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from termai.jobs import bound
from termai.tui import log_scan
from termai.tui.log_index import LogIndex, unchanged


def read_back(index: LogIndex) -> None:
    while index.read_from > 0:
        blocks = log_scan.back(index.descriptor, index.read_from, index.extents)
        index.extend_back(blocks)


def lines(index: LogIndex) -> list[str]:
    return [index.text(number) for number in range(index.first, index.end)]


def opened(path: Path) -> LogIndex:
    return LogIndex(path)


def test_an_empty_log_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"")
    assert lines(opened(path)) == []


def test_unfinished_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo")
    assert lines(opened(path)) == ["one", "two"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    content=st.lists(st.sampled_from([b"", b"a", b"line of text", b"x" * 300]), max_size=60),
    ended=st.booleans(),
    pieces=st.integers(1, 5),
)
def test_lines_are_those_of_the_file_however_it_grew(
    tmp_path: Path, content: list[bytes], ended: bool, pieces: int
) -> None:
    data = b"\n".join(content) + (b"\n" if ended else b"")
    path = tmp_path / "log"
    path.write_bytes(data[: len(data) // 2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_scan, "TAIL", 200)
        patch.setattr(log_scan, "BLOCK", 64)
        patch.setattr(log_scan, "STEP", 130)
        index = opened(path)
        step = len(data) // pieces + 1
        for at in range(len(data) // 2, len(data), step):
            with path.open("ab") as stream:
                stream.write(data[at : at + step])
            size = path.stat().st_size
            index.extend(log_scan.forward(index.descriptor, index.read_to, size))
        read_back(index)
        expected = data.decode().split("\n")
        assert lines(index) == (expected[:-1] if not expected[-1] else expected)
        index.close()


def test_numbers_stay_while_what_lies_before_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {n}\n" for n in range(400_000)))
    index = opened(path)
    before = index.text(5)
    added = index.extend_back(log_scan.back(index.descriptor, index.read_from, index.extents))
    assert added > 10_000
    assert index.text(5) == before
    read_back(index)
    assert index.end - index.first == 400_000
    assert index.text(index.first) == "line 0"
    assert index.text(index.end - 1) == "line 399999"


def test_number_at_finds_the_line_of_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {n}\n" for n in range(1000)))
    index = opened(path)
    for number in (0, 1, 500, 999):
        assert index.number_at(index.offset(number)) == number
        assert index.number_at(index.offset(number) + 3) == number


def punched(path: Path, start: int, length: int) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        bound.punch(descriptor, start, length)
    except OSError:
        pytest.skip("this file system cannot punch holes")
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("text", ["line number {n:07}\n", "x" * 15 + "\n"])
def test_a_hole_is_one_line_that_says_what_was_dropped(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log"
    whole = [text.format(n=n) for n in range(200_000)]
    path.write_text("".join(whole))
    punched(path, 4096 * 16, 4096 * 200)
    index = opened(path)
    read_back(index)
    shown = lines(index)
    markers = [line for line in shown if "dropped here" in line]
    assert markers == ["[819,200 bytes of log were dropped here]"]
    at = shown.index(markers[0])
    assert shown[: at - 1] == [line[:-1] for line in whole[: at - 1]]
    kept = len(shown) - at - 2
    assert shown[at + 2 :] == [line[:-1] for line in whole[-kept:]]
    assert "" not in shown


def test_a_moved_hole_is_noticed_and_old_numbers_do_not_break(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line number {n:07}\n" for n in range(200_000)))
    index = opened(path)
    read_back(index)
    punched(path, 4096 * 16, 4096 * 200)
    assert not unchanged(index.extents, log_scan.extents(index.descriptor))
    assert index.text(index.first + 10_000) is not None


def test_escape_sequences_and_long_lines_are_tamed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\x1b[31mred\x1b[0m\x07\tx\r\n" + b"y" * 100_000 + b"\nbad \xff byte\n")
    shown = lines(opened(path))
    assert shown[0] == "red x"
    assert len(shown[1]) == 4096
    assert shown[2] == "bad � byte"


@pytest.mark.slow
def test_a_gigabyte_opens_at_once_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    line = b"0.00.123.456 I slot update_slots: id  0 | task 0 | prompt processing progress\n"
    block = line * (1 << 14)
    with path.open("wb") as stream:
        for _ in range((1 << 30) // len(block)):
            stream.write(block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    index = opened(path)
    assert index.text(index.end - 1).endswith("progress")
    took = time.process_time() - began
    read_back(index)
    total = (path.stat().st_size) // len(line)
    assert index.end - index.first == total
    assert took < 0.2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
    index.close()
