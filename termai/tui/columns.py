"""Columns of a table: which of them fit, how wide each is, and a line drawn in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.content import Content

GAP = 1
LEAST = 20
"""Cells that the flexible column keeps, whatever else is left out."""

Cell = Content | str


class Column(NamedTuple):
    """A column of ``width`` cells; ``rank`` 0 always stays, the highest is left out first.

    flexible: whether it takes the cells that the others leave.
    """

    title: str
    width: int
    rank: int = 0
    right: bool = False
    flexible: bool = False


class Place(NamedTuple):
    """A column that fits: its place among all of them, and its width in cells."""

    number: int
    width: int
    right: bool


def fitted(columns: Sequence[Column], width: int) -> tuple[Place, ...]:
    """Return the columns that fit in ``width`` cells, those of the highest ranks left out."""
    kept = list(enumerate(columns))
    while len(kept) > 1 and _least(c for _, c in kept) > width:
        leaving = max(kept, key=lambda entry: entry[1].rank)
        if not leaving[1].rank:
            break
        kept.remove(leaving)
    spare = max(0, width - _least(c for _, c in kept))
    return tuple(
        Place(i, (min(c.width, LEAST) + spare) if c.flexible else c.width, c.right) for i, c in kept
    )


def line(places: Sequence[Place], cells: Sequence[Cell]) -> Content:
    """Return one line with the cells of the columns that fit, each cut to its width."""
    parts: list[Content] = []
    for place in places:
        if parts:
            parts.append(Content(" " * GAP))
        parts.append(_cut(cells[place.number], place))
    return Content("").join(parts)


def _least(columns: Iterable[Column]) -> int:
    widths = [min(c.width, LEAST) if c.flexible else c.width for c in columns]
    return sum(widths) + GAP * max(0, len(widths) - 1)


def _cut(cell: Cell, place: Place) -> Content:
    content = cell if isinstance(cell, Content) else Content(cell)
    if content.cell_length > place.width:
        return content.truncate(place.width, ellipsis=True)
    pad = place.width - content.cell_length
    return content.pad_left(pad) if place.right else content.pad_right(pad)
