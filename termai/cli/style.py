"""What output may look like here: colour only on a terminal, tables that fit its width."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Literal, TextIO

from termai.text import one_line, printable

Look = Literal["good", "busy", "bad", "dim"]

_CODES: dict[Look, str] = {"good": "32", "busy": "33", "bad": "31", "dim": "2"}
PLAIN_WIDTH = 80
NARROWEST = 8  # columns that a cell is cut to at most


def colourful(stream: TextIO) -> bool:
    """Return whether colour is wanted: a terminal, not a dumb one, and no NO_COLOR."""
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return wanted and stream.isatty()


def paint(text: str, look: Look, stream: TextIO) -> str:
    """Return ``text`` in a colour where the stream takes colour."""
    return f"\x1b[{_CODES[look]}m{text}\x1b[0m" if colourful(stream) else text


def width(stream: TextIO) -> int:
    """Return the columns of the terminal, or 80 where there is none."""
    try:
        return max(PLAIN_WIDTH // 2, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return PLAIN_WIDTH


def list_width(stream: TextIO) -> int:
    """Return the columns of the terminal; where there is none, so many that nothing is cut."""
    return width(stream) if stream.isatty() else sys.maxsize


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    columns: int,
    *,
    flexible: Sequence[int] = (),
    looks: Sequence[Mapping[int, Look]] = (),
) -> list[str]:
    """Return aligned lines, two spaces between the columns, every cell printable on one line.

    Where they are wider than ``columns``, the widest of the ``flexible`` columns give way.
    ``looks`` holds for each row the colours of its cells by column.
    """
    cells = [list(heads), *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    room = columns - 2 * (len(widths) - 1)
    while sum(widths) > room and any(widths[i] > NARROWEST for i in flexible):
        widths[max(flexible, key=lambda i: widths[i])] -= 1
    painted = [{}, *(looks or [{}] * len(rows))]
    return [_row(row, widths, look).rstrip() for row, look in zip(cells, painted, strict=True)]


def out(text: str) -> None:
    """Write one line to standard output."""
    sys.stdout.write(f"{text}\n")


def out_json(value: object) -> None:
    """Write one JSON value to standard output, in ASCII, indented for people."""
    import json

    sys.stdout.write(json.dumps(value, indent=2) + "\n")


def warn(sentence: str) -> None:
    """Tell a person something on standard error that is no failure."""
    write_error(printable(sentence))


def write_error(text: str) -> None:
    """Write a line to standard error, if it is still there."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return  # nobody can be told that nobody can be told


def _row(row: Sequence[str], widths: Sequence[int], looks: Mapping[int, Look]) -> str:
    cells = [one_line(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)]
    for column, look in looks.items():
        cells[column] = paint(cells[column], look, sys.stdout)
    return "  ".join(cells)
