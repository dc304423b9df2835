"""Headers that are fetched in ranges take few requests and little more than the header."""

import os
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError
from termai.gguf.header import parse_header, read_from, read_header
from termai.gguf.source import MIB, FileSource, RangedSource
from tests.gguf.building import build, vocabulary

LARGE = build(
    {"general.architecture": "llama"} | vocabulary(150_000, 150_000),
    [(f"blk.{n}.weight", (256, 256), "Q4_K") for n in range(400)],
)
REST = bytes(64 * MIB)


class Elsewhere:
    """A file of which ranges can be fetched; keeps what was asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def fetch(self, offset: int, length: int) -> bytes:
        """Return a range, fewer bytes at the end."""
        self.asked.append((offset, length))
        return self.data[offset : offset + length]


@pytest.mark.parametrize("size_known", [True, False])
def test_a_large_header_takes_few_requests(size_known: bool) -> None:
    remote = Elsewhere(LARGE + REST)
    source = RangedSource(remote.fetch, len(remote.data) if size_known else None)
    header = read_from(source, name="remote")
    assert header.metadata == parse_header(LARGE).metadata
    assert len(header.tensors) == 400
    assert source.requests == len(remote.asked) <= 3
    assert source.fetched == sum(length for _, length in remote.asked) <= 1.3 * header.length


def test_the_length_of_a_sibling_makes_it_one_request() -> None:
    remote = Elsewhere(LARGE + REST)
    source = RangedSource(remote.fetch, first=len(LARGE))
    read_from(source, name="remote")
    assert remote.asked == [(0, len(LARGE))]


def test_a_small_file_is_fetched_once_and_not_beyond_its_end() -> None:
    data = build({"general.architecture": "llama"}, [("a", (4,), "F32")])
    remote = Elsewhere(data)
    assert read_from(RangedSource(remote.fetch, len(data)), name="r").architecture == "llama"
    assert remote.asked == [(0, len(data))]


def test_a_long_array_of_numbers_is_not_fetched() -> None:
    data = build({"numbers": list(range(4_000_000)), "after": 7})
    remote = Elsewhere(data)
    source = RangedSource(remote.fetch, len(data))
    assert read_from(source, name="remote").number("after") == 7
    assert source.fetched <= 2 * MIB
    assert source.requests == 2


@pytest.mark.parametrize("step", [1, 7, 4096])
def test_any_first_chunk_gives_the_same_header(step: int) -> None:
    data = build({"general.architecture": "llama", "names": ["a" * 300] * 40})
    remote = Elsewhere(data)
    source = RangedSource(remote.fetch, first=step, most=max(step, 1 << 18))
    assert read_from(source, name="remote").metadata == parse_header(data).metadata


def test_what_the_fetch_raises_passes_through() -> None:
    def fetch(offset: int, length: int) -> bytes:
        raise ConnectionResetError(f"{offset} {length}")

    with pytest.raises(ConnectionResetError):
        read_from(RangedSource(fetch), name="remote")


def test_a_remote_header_that_is_cut_short_is_refused() -> None:
    remote = Elsewhere(LARGE[: 3 * MIB])
    with pytest.raises(InvalidFileError, match="cut short"):
        read_from(RangedSource(remote.fetch), name="remote")


def test_a_server_that_trickles_is_given_up() -> None:
    asked: list[int] = []

    def fetch(offset: int, length: int) -> bytes:
        asked.append(length)
        return LARGE[offset : offset + 1]

    with pytest.raises(InvalidFileError, match=r"128 requests brought only \d+ bytes"):
        read_from(RangedSource(fetch), name="remote")
    assert len(asked) == 128


def test_a_server_that_sends_too_much_is_cut() -> None:
    data = build({"general.architecture": "llama", "names": ["a" * 300] * 40})
    source = RangedSource(lambda offset, _: data[offset:] + REST, len(data), first=1000)
    assert read_from(source, name="remote").metadata == parse_header(data).metadata
    assert source.fetched <= len(data)


def test_directories_pipes_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFileError, match="is a directory"):
        read_header(tmp_path)
    with pytest.raises(NotFoundError, match="does not exist"):
        read_header(tmp_path / "no.gguf")
    os.mkfifo(tmp_path / "pipe.gguf")
    with pytest.raises(InvalidFileError, match="device or pipe"):
        read_header(tmp_path / "pipe.gguf")


def test_a_file_that_is_cut_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(LARGE)
    with FileSource(path) as source:
        path.write_bytes(LARGE[:MIB])
        with pytest.raises(InvalidFileError, match="cut short"):
            read_from(source, name="m.gguf")
