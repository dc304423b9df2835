"""Bounded reading of a job's log, whose middle may be a hole.

A log longer than its limit loses what lies between its first part and its last (see
``bound``); byte offsets stay true. Nothing here reads more than it was asked for, and every
line it returns is printable. A log that cannot be read raises InvalidFileError.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from termai.errors import InvalidFileError
from termai.text import decode

CHUNK = 64 << 10  # bytes per read
LINE_LIMIT = 16 << 10  # bytes of one line that are kept; the rest of it is dropped
_ZEROS = bytes(512)  # what a hole reads as; nobody writes so many to a log


def read_new(path: Path, offset: int, limit: int = 1 << 20) -> tuple[bytes, int]:
    """Return up to ``limit`` bytes written since ``offset`` and the offset to go on from.

    A hole is stepped over and never read across, so that the bytes are those of one piece. A
    log that was cut short is read on from its end. A missing log reads as empty.
    """
    descriptor = _opened(path)
    if descriptor is None:
        return b"", offset
    try:
        size = os.fstat(descriptor).st_size
        start = _next_data(descriptor, min(offset, size), size)
        end = min(_end_of_data(descriptor, start, size), start + limit)
        data = os.pread(descriptor, end - start, start)
        return data.replace(b"\0", b""), start + len(data)
    finally:
        os.close(descriptor)


def tail(path: Path, lines: int, max_bytes: int = 1 << 20) -> list[str]:
    """Return the last ``lines`` lines, looking at no more than the last ``max_bytes`` bytes."""
    whole, rest, _ = _tail(path, lines, max_bytes)
    shown = [*whole, *([_line(rest)] if rest else [])]
    return shown[-lines:] if lines > 0 else []


def tail_to_follow(path: Path, lines: int, max_bytes: int = 1 << 20) -> tuple[list[str], int]:
    """Return the last finished lines and the offset from which to follow without a gap."""
    whole, rest, end = _tail(path, lines, max_bytes)
    return whole[-lines:] if lines > 0 else [], end - len(rest)


def read_lines(path: Path) -> Iterator[str]:
    """Yield every line that is kept, oldest first, with one line in place of a hole."""
    offset = 0
    splitter = LineSplitter()
    while True:
        data, following = read_new(path, offset, CHUNK)
        if not data and following == offset:
            break
        if following - len(data) > offset:
            yield from splitter.flush()
            yield f"[{following - len(data) - offset} bytes of log were dropped here]"
        yield from splitter.feed(data)
        offset = following
    yield from splitter.flush()


def follow(
    path: Path, offset: int, alive: Callable[[], bool], *, poll_s: float = 0.1
) -> Iterator[str]:
    """Yield lines written after ``offset`` as they come, until ``alive`` says there are no more.

    Sleeps ``poll_s`` seconds whenever there is nothing new; what was written before ``alive``
    turned false is still yielded.
    """
    splitter = LineSplitter()
    while True:
        more = alive()
        data, offset = read_new(path, offset)
        yield from splitter.feed(data)
        if data:
            continue
        if not more:
            yield from splitter.flush()
            return
        time.sleep(poll_s)


class LineSplitter:
    """Cuts a stream of bytes into printable lines, keeping an unfinished one for later."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that ``data`` completes."""
        *complete, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LINE_LIMIT]
        return [_line(raw) for raw in complete]

    def flush(self) -> list[str]:
        """Return the unfinished line, if there is one."""
        rest, self._rest = self._rest, b""
        return [_line(rest)] if rest else []


def _line(raw: bytes) -> str:
    return decode(raw[:LINE_LIMIT].rstrip(b"\r")).replace("\n", " ")


def _opened(path: Path) -> int | None:
    """Open a log for reading, None when there is none; InvalidFileError when it cannot be."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InvalidFileError(f"{path} is no file; a log is expected there.")
    return descriptor


def _tail(path: Path, lines: int, max_bytes: int) -> tuple[list[str], bytes, int]:
    """Return at least the last ``lines`` finished lines, the unfinished one, and the size."""
    descriptor = _opened(path)
    if descriptor is None:
        return [], b"", 0
    try:
        end = os.fstat(descriptor).st_size
        found, cut = _last_bytes(descriptor, end, lines, max_bytes)
    finally:
        os.close(descriptor)
    *whole, rest = found.split(b"\n")
    return [_line(raw) for raw in whole[cut:]], rest, end


def _last_bytes(descriptor: int, end: int, lines: int, max_bytes: int) -> tuple[bytes, bool]:
    """Return the end of a log, and whether its first line is cut."""
    start, count = end, 0
    blocks: list[bytes] = []
    while start > 0 and end - start < max_bytes and count <= lines:
        step = min(CHUNK, start, max_bytes - (end - start))
        block = os.pread(descriptor, step, start - step)
        start -= step
        hole = block.rfind(_ZEROS)
        if hole >= 0:
            blocks.append(block[hole + len(_ZEROS) :].lstrip(b"\0"))
            return b"".join(reversed(blocks)), True
        blocks.append(block)
        count += block.count(b"\n")
    return b"".join(reversed(blocks)), start > 0


def _next_data(descriptor: int, offset: int, size: int) -> int:
    if offset >= size:
        return size
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError:  # no data behind, or a file system that cannot tell
        return offset


def _end_of_data(descriptor: int, offset: int, size: int) -> int:
    try:
        return os.lseek(descriptor, offset, os.SEEK_HOLE)
    except OSError:
        return size
