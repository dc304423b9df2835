"""The lines of a log of any size, found from its end backwards and never held as a whole."""

import os
import weakref
from bisect import bisect_left
from functools import lru_cache, partial
from pathlib import Path

from termai.text import decode
from termai.tui import log_scan
from termai.tui.log_scan import BLOCK, Block, Extents

LINE_LIMIT = 4 << 10  # bytes of one line that are shown
CACHED_BLOCKS = 32


class LogIndex:
    """Knows where each line of a growing file starts, at about 100 bytes per 64 KiB of it.

    Lines are numbered from an anchor near the end at the time of opening: 0 is the line that
    starts there, negative numbers are before it. ``first`` to ``end`` (exclusive) are known;
    ``first`` moves down as ``extend_back`` adds what lies before, ``end`` up as the file grows.
    Blocks come from log_scan, found in threads; this object belongs to the event loop.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path`` and look at its last MiB; ``close()`` closes it. Raises OSError."""
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.close = weakref.finalize(self, os.close, self.descriptor)
        self.extents = log_scan.extents(self.descriptor)
        self._anchor = log_scan.anchor(self.descriptor, self.extents)
        self._after = _Side()
        self._before = _Side()
        self._read_to = self._anchor
        self._read_from = self._anchor
        self._offsets = lru_cache(CACHED_BLOCKS)(partial(log_scan.newline_offsets, self.descriptor))
        self.extend(log_scan.forward(self.descriptor, self._anchor, self.extents.size))

    @property
    def read_to(self) -> int:
        """The offset up to which the file is known."""
        return self._read_to

    @property
    def read_from(self) -> int:
        """The offset from which the file is known."""
        return self._read_from

    @property
    def first(self) -> int:
        """The number of the first known line."""
        known = self._before.total
        return -known if self._read_from == 0 else min(0, 1 - known)

    @property
    def end(self) -> int:
        """One more than the number of the last known line; an unfinished line counts."""
        after = self._after.total
        return after + (self._start(after) < self._read_to)

    def extend(self, blocks: tuple[Block, ...]) -> None:
        """Add blocks that follow what is known."""
        for block in blocks:
            self._after.add(block)
            self._read_to = block.end

    def extend_back(self, blocks: tuple[Block, ...]) -> int:
        """Add blocks that precede what is known, nearest first; return how many lines they add."""
        before = self.first
        for block in blocks:
            self._before.add(block)
            self._read_from = block.start
        return before - self.first

    def text(self, number: int) -> str:
        """Return a line, printable and cut to LINE_LIMIT bytes; empty outside what is known."""
        if not self.first <= number < self.end:
            return ""
        start = self._start(number)
        if self.extents.hole_start <= start < self.extents.hole_end:
            dropped = self.extents.hole_end - self.extents.hole_start
            return f"[{dropped:,} bytes of log were dropped here]"
        stop = self._start(number + 1) - 1 if number < self._after.total else self._read_to
        raw = os.pread(self.descriptor, min(max(0, stop - start), LINE_LIMIT), start)
        return decode(raw.replace(b"\0", b"").rstrip(b"\r")).replace("\n", " ").expandtabs(4)

    def offset(self, number: int) -> int:
        """Return the byte offset at which a known line starts."""
        return self._start(min(max(number, self.first), self.end))

    def number_at(self, offset: int) -> int:
        """Return the number of the known line that holds ``offset``, the nearest otherwise."""
        low, high = self.first, self.end
        while low < high:
            middle = (low + high + 1) // 2
            if self._start(middle) <= offset:
                low = middle
            else:
                high = middle - 1
        return low

    def _start(self, number: int) -> int:
        if number == 0:
            return self._anchor
        side, count = (self._after, number) if number > 0 else (self._before, 1 - number)
        found = side.find(count)
        if found is None:
            return self._read_to if number > 0 else self._read_from
        block, nth = found
        offsets = self._offsets(block)
        return offsets[nth - 1 if number > 0 else -nth] + 1


class _Side:
    """Blocks on one side of the anchor, nearest first, with the lines that end up to each."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._totals: list[int] = []

    @property
    def total(self) -> int:
        return self._totals[-1] if self._totals else 0

    def add(self, block: Block) -> None:
        last = self._blocks[-1] if self._blocks else None
        if last and last.end == block.start and block.end - last.start <= BLOCK:
            self._blocks[-1] = Block(last.start, block.end, last.newlines + block.newlines)
            self._totals[-1] += block.newlines
            return
        self._totals.append(self.total + block.newlines)
        self._blocks.append(block)

    def find(self, count: int) -> tuple[Block, int] | None:
        """Return the block where the ``count``-th line from the anchor ends, and which it is."""
        index = bisect_left(self._totals, count)
        if index >= len(self._blocks):
            return None
        before = self._totals[index - 1] if index else 0
        return self._blocks[index], count - before


def unchanged(known: Extents, now: Extents) -> bool:
    """Tell whether a file only grew: neither was it cut nor its hole moved."""
    same_hole = (known.hole_start, known.hole_end) == (now.hole_start, now.hole_end)
    return same_hole and now.size >= known.size
