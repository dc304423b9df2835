"""Looking through a log file piece by piece: where its lines end, where its hole is.

These functions block and are called in threads; what they return is immutable.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 64 << 10  # bytes that are counted together
TAIL = 1 << 20  # bytes at the end that are looked at before the first line is drawn
LONGEST = 64 << 20  # bytes of one line that are looked through for its start
STEP = 8 << 20  # bytes looked at per call when going back


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the file and how many lines end in it.

    A hole counts as one line, and also ends the line that it cut, if it cut one.
    """

    start: int
    end: int
    newlines: int
    hole: bool = False


@dataclass(frozen=True, slots=True)
class Extents:
    """Where the file holds data: its size, and the hole in it (0, 0 for none)."""

    size: int
    hole_start: int = 0
    hole_end: int = 0


def extents(descriptor: int) -> Extents:
    """Find the size and the first hole; a file system that cannot tell has none.

    The end of a file counts as a hole for SEEK_HOLE (lseek(2)), which is not meant here.
    """
    size = os.fstat(descriptor).st_size
    try:
        start = os.lseek(descriptor, 0, os.SEEK_HOLE)
        if start >= size:
            return Extents(size)
        return Extents(size, start, os.lseek(descriptor, start, os.SEEK_DATA))
    except OSError:
        return Extents(size)


def anchor(descriptor: int, known: Extents) -> int:
    """Return the offset at which a line starts, TAIL bytes or, in long lines, more from the end.

    A line longer than LONGEST is taken to start where that many bytes of it are left.
    """
    start = known.size
    while start > known.hole_end and known.size - start < LONGEST:
        stop, start = start, max(known.hole_end, start - TAIL)
        found = os.pread(descriptor, stop - start, start).find(b"\n")
        if start > known.hole_end and found >= 0:
            return start + found + 1
    return start


def forward(descriptor: int, start: int, end: int) -> tuple[Block, ...]:
    """Count the lines from ``start`` to ``end``, block by block."""
    return tuple(_counted(descriptor, start, end))


def back(descriptor: int, end: int, known: Extents) -> tuple[Block, ...]:
    """Count the lines of up to STEP bytes before ``end``, the nearest block first.

    Steps over the hole with a block of its own. Empty at the beginning of the file.
    """
    if known.hole_end and end == known.hole_end:
        cut = known.hole_start > 0 and os.pread(descriptor, 1, known.hole_start - 1) != b"\n"
        return (Block(known.hole_start, known.hole_end, 1 + cut, hole=True),)
    floor = known.hole_end if end > known.hole_end else 0
    start = max(floor, end - STEP)
    return tuple(reversed(tuple(_counted(descriptor, start, end))))


def newline_offsets(descriptor: int, block: Block) -> tuple[int, ...]:
    """Return where the lines of a block end, exactly as many as were counted.

    Bytes that were dropped since they were counted end their lines at the end of the block.
    """
    if block.hole:
        return (block.start, block.end - 1)[-block.newlines :]
    data = os.pread(descriptor, block.end - block.start, block.start)
    found: list[int] = []
    position = data.find(b"\n")
    while position >= 0 and len(found) < block.newlines:
        found.append(block.start + position)
        position = data.find(b"\n", position + 1)
    missing = block.newlines - len(found)
    return (*found, *(block.end - 1,) * missing)


def _counted(descriptor: int, start: int, end: int) -> Iterator[Block]:
    while start < end:
        data = os.pread(descriptor, min(1 << 20, end - start), start)
        if not data:
            return
        for at in range(0, len(data), BLOCK):
            stop = min(at + BLOCK, len(data))
            yield Block(start + at, start + stop, data.count(b"\n", at, stop))
        start += len(data)
