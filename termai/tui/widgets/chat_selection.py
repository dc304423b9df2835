"""Selecting text with the mouse in widgets that draw their own lines."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip


def extract(selection: Selection, lines: Sequence[str]) -> str:
    """Return the selected part of ``lines``; offsets outside of them are cut to them."""
    if not lines:
        return ""
    first, start = selection.start.transpose if selection.start else (0, 0)
    last, end = selection.end.transpose if selection.end else (len(lines) - 1, len(lines[-1]))
    if first == last:
        return lines[first][start:end] if first < len(lines) else ""
    picked = list(lines[first : last + 1])
    if not picked:
        return ""
    if last < len(lines):
        picked[-1] = picked[-1][:end]
    picked[0] = picked[0][start:]
    return "\n".join(picked)


def highlight(strip: Strip, span: tuple[int, int] | None, style: Style) -> Strip:
    """Return ``strip`` with the characters of ``span`` (an end of -1: to the end) in ``style``."""
    if span is None:
        return strip
    start, end = span
    width = strip.cell_length
    left = strip.index_to_cell_position(start)
    right = width if end < 0 else min(width, strip.index_to_cell_position(end))
    if right <= left:
        return strip
    marked = Strip(Segment.apply_style(strip.crop(left, right), post_style=style), right - left)
    return Strip.join([strip.crop(0, left), marked, strip.crop(right, width)])
