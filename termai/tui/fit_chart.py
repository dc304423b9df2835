"""The fit curve in text: on one line, as a table, and drawn in colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.models.fit import Curve, Line

LEAST_CTX = 4096
_CHART_WIDTH, _CHART_HEIGHT = 48, 12
_MARKS = {
    "●": "$text-primary",
    "▲": "$text-success",
    "■": "$text-warning",
    "┄": "$text-error",
    "*": "$text-primary",
    "+": "$text-success",
    "o": "$text-warning",
}


def within(curve: Curve | None, width: int, *, tall: bool) -> Iterator[Content]:
    """Yield a curve for a pane: drawn with its table where that is ``tall``, else on one line."""
    if curve is None:
        return
    if tall and width >= _CHART_WIDTH:
        yield Content("")
        yield drawing(curve, width, _CHART_HEIGHT)
        yield table(curve, width)
        yield Content("")
        return
    lead = Content.styled(f"{curve.where} (v) ", "$muted")
    yield lead + summary(curve, width - lead.cell_length)


def contexts(curve: Curve) -> tuple[int, ...]:
    """Return the powers of two from LEAST_CTX on that the curve reaches, and its last context."""
    most = curve.lines[0].points[-1].ctx_size
    steps = [LEAST_CTX << power for power in range(20) if LEAST_CTX << power < most]
    return (*steps, most)


def at(line: Line, ctx_size: int) -> int:
    """Return the bytes for a context, between the two points of the line next to it."""
    before = line.points[0]
    for point in line.points:
        if point.ctx_size >= ctx_size:
            span = point.ctx_size - before.ctx_size
            part = (ctx_size - before.ctx_size) / span if span else 0.0
            return round(before.bytes + (point.bytes - before.bytes) * part)
        before = point
    return before.bytes


def summary(curve: Curve, width: int) -> Content:
    """Return the curve on one line: ``8k 5.4G  16k 6.0G  32k 7.2G (q8_0 6.3G)``.

    The first type is told for each context; where it is more than can be used, the first type
    that is not stands after it. What does not fit in ``width`` is left out at the end.
    """
    shown = Content("")
    for context in contexts(curve):
        part = _told(curve, context)
        longer = shown + Content("  ") + part if shown.plain else part
        if longer.cell_length > width:
            break
        shown = longer
    return shown


def _told(curve: Curve, context: int) -> Content:
    first, *others = curve.lines
    size = at(first, context)
    told = Content.assemble((f"{formats.tokens(context)} ", "$muted"), formats.size(size))
    if size <= curve.usable:
        return told
    for line in others:
        if (smaller := at(line, context)) <= curve.usable:
            return told + Content(f" ({line.cache_type} {formats.size(smaller)})")
    return told + Content.styled(icons.sign("none"), icons.STYLES["none"])


def table(curve: Curve, width: int) -> Content:
    """Return the numbers of the curve: a line for each type, as many contexts as fit."""
    shown = contexts(curve)[-max(1, (width - 6) // 7) :]
    head = "".join(f"{formats.tokens(context):>7}" for context in shown)
    lines = [Content.styled(f"{'KV':<6}{head}", "$muted")]
    for line in curve.lines:
        cells = [_number(at(line, context), curve.usable) for context in shown]
        lines.append(Content.assemble(f"{one_line(line.cache_type, 6):<6}", *cells))
    return Content("\n").join(lines)


def _number(size: int, usable: int) -> tuple[str, str]:
    over = size > usable
    text = f"{formats.size(size)}{icons.sign('none') if over else ''}"
    return f"{text:>7}", icons.STYLES["none"] if over else ""


def drawing(curve: Curve, width: int, height: int) -> Content:
    """Return the curve drawn in ``width`` by ``height`` cells, its marks in colours."""
    from termai.models.fit import draw

    return Content("\n").join(
        Content.assemble(*_coloured(line))
        for line in draw(curve, width, height, ascii_only=icons.plain())
    )


def _coloured(line: str) -> Sequence[tuple[str, str]]:
    """Cut a line where its colour changes; letters between marks are no marks."""
    runs: list[tuple[str, str]] = []
    for place, sign in enumerate(line):
        near = line[max(0, place - 1)] + line[min(len(line) - 1, place + 1)]
        lone = not any(c.isalnum() and c not in _MARKS for c in near)
        style = _MARKS.get(sign, "") if lone else ""
        if runs and runs[-1][1] == style:
            runs[-1] = (runs[-1][0] + sign, style)
        else:
            runs.append((sign, style))
    return runs
