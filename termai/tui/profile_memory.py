"""What a profile would take on this machine, in lines: memory per device, verdict, flaws."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons, status

if TYPE_CHECKING:
    from termai.servers.preview import ModelNote, Preview, Row
    from termai.tui.profile_flaws import Flaw

_GIB = 1 << 30
_LEGIBLE = 26  # cells in which the title says what its numbers are
_BAR = 8  # cells of the shortest bar worth drawing
_LONGEST_BAR = 40
_PAIR = 11  # cells of ``18.2/24G``


def lines(preview: Preview | None, before: int | None, width: int) -> tuple[Content, ...]:
    """Return the panel's lines; ``before`` is the bytes of the saved profile, None if unknown."""
    return tuple(_lines(preview, before, width))


def advice_lines(preview: Preview | None, width: int) -> tuple[Content, ...]:
    """Return what could be changed, in sentences."""
    return tuple(_wrapped(preview.advice, width, "")) if preview else ()


def total(preview: Preview) -> int:
    """Return the bytes that a profile would take over all devices."""
    return sum(row.needs for row in preview.rows)


def flaw_lines(
    found: Sequence[Flaw], first: Flaw | None, width: int, *, height: int = 99
) -> tuple[Content, ...]:
    """Return what is wrong and how to mend it; ``first`` is the one that the key x mends.

    Where they are more than ``height`` lines, what x does comes before all else.
    """
    lines = tuple(line for flaw in found for line in _flaw(flaw, flaw is first, width))
    if first is None or len(lines) <= height:
        return lines
    others = (line for flaw in found if flaw is not first for line in _flaw(flaw, False, width))
    does, other = _fix(first, True, width)
    return (*does, *_what(first, width), *other, *others)


def strip(preview: Preview | None, first: Flaw | None, width: int) -> Content:
    """Return memory and the first flaw in two lines, for a small terminal."""
    if preview is None:
        return Content("Looking at the machine …\n")
    parts = [_short(row) for row in preview.rows if row.needs] or [
        Content(one_line(preview.problem, width))
    ]
    memory = Content("  ").join(parts).truncate(width, ellipsis=True)
    if first is None:
        mark, style = _verdict_sign(preview)
        verdict = Content.styled(one_line(f"{mark}{preview.verdict}", width), style)
        return Content("\n").join((memory, verdict))
    sign = icons.sign(first.severity)
    style = icons.STYLES.get(first.severity, "")
    told = Content.styled(f"{sign} {one_line(first.text)}", style)
    if first.mended:
        key = Content.styled(" x fixes", "bold $accent")
        does = one_line(first.fix_text).partition(". ")[0]
        named = Content.assemble((f"{sign} ", style), ("x ", "bold $accent"), (does, "bold"))
        told = Content.assemble(told, key) if told.cell_length + 8 <= width else named
    return Content("\n").join((memory, told.truncate(width, ellipsis=True)))


def _lines(preview: Preview | None, before: int | None, width: int) -> Iterator[Content]:
    if preview is None:
        yield Content.styled("MEMORY", "bold")
        yield Content.styled("Looking at the machine …", "$muted")
        return
    yield _title(preview, before, width)
    if preview.model is not None:
        yield Content.styled(_model(preview.model, width), "$muted")
    for row in preview.rows:
        yield _device(row, width)
    sign, style = _verdict_sign(preview)
    if preview.verdict:
        yield from _wrapped(preview.verdict, width, style, sign)
    if preview.problem:
        yield from _wrapped(preview.problem, width, icons.STYLES["warning"])


def _title(preview: Preview, before: int | None, width: int) -> Content:
    moved = "" if before is None else _moved(total(preview) - before)
    title, legend = "MEMORY", " needed/free" if width >= _LEGIBLE else ""
    gap = max(1, width - len(title) - len(legend) - len(moved))
    style = "$text-warning" if moved.startswith("+") else "$text-success"
    return Content.assemble((title, "bold"), (legend, "$muted"), " " * gap, (moved, style))


def _moved(count: int) -> str:
    """Return by how much the memory has changed, empty for nothing to speak of."""
    if abs(count) < 1 << 20:
        return ""
    return f"{'+' if count > 0 else '-'}{formats.size(abs(count))}"


def _model(model: ModelNote, width: int) -> str:
    """Return what the model is called and, where there is room, what it was trained for."""
    name = one_line(" ".join(filter(None, (model.name, model.quantization))), width)
    trained = f", trained for {formats.tokens(model.trained)}" if model.trained else ""
    return f"{name}{trained}" if len(name) + len(trained) <= width else name


def _device(row: Row, width: int) -> Content:
    """Return one line: what the device is called, a bar, and needed of free memory."""
    pair = _pair(row, long=width >= 40)
    name_width = max(8, min(20, width - _BAR - _PAIR - 2))
    bar_width = min(_LONGEST_BAR, width - name_width - max(_PAIR, len(pair)) - 2)
    style = _style(row)
    part = row.needs / row.free if row.free > 0 else 1.0 if row.needs else 0.0
    bar = formats.bar(part, bar_width) if bar_width >= 3 else ""
    over = icons.sign("problem") if not row.fits else " "
    return Content.assemble(
        (f"{one_line(_name(row), name_width):<{name_width}} ", ""),
        (f"{bar} ", style),
        (f"{pair} {over}".rstrip() if not row.fits else pair, style),
    ).truncate(width)


def _pair(row: Row, *, long: bool = False) -> str:
    """Return needed and free memory, in one unit where both are of a size."""
    between = " of " if long else "/"
    if long or row.needs * 100 < row.free or row.free < _GIB:
        return f"{formats.size(row.needs)}{between}{formats.size(row.free)}"
    return f"{row.needs / _GIB:.1f}/{row.free / _GIB:.1f}G"


def _short(row: Row) -> Content:
    sign = f" {icons.sign('problem')}" if not row.fits else ""
    name = one_line(_name(row), 10)
    return Content.assemble(f"{name} ", (f"{_pair(row)}{sign}", _style(row)))


def _name(row: Row) -> str:
    return status.short_name(row.name) if row.name else row.device


def _style(row: Row) -> str:
    if not row.fits:
        return "$text-error"
    return "$text-warning" if row.needs and row.spare < row.margin else "$text-success"


def _verdict_sign(preview: Preview) -> tuple[str, str]:
    if preview.fits is None:
        return "", ""
    state = "ok" if preview.fits else "problem"
    return f"{icons.sign(state)} ", icons.STYLES[state]


def _flaw(flaw: Flaw, chosen: bool, width: int) -> Iterator[Content]:
    yield from _what(flaw, width)
    for lines in _fix(flaw, chosen, width):
        yield from lines


def _what(flaw: Flaw, width: int) -> Iterator[Content]:
    name = flaw.severity
    return _wrapped(flaw.text, width, icons.STYLES.get(name, ""), f"{icons.sign(name)} ")


def _fix(flaw: Flaw, chosen: bool, width: int) -> tuple[list[Content], list[Content]]:
    """Return what the key x does, the first sentence of what to do, and what else could be done."""
    does, end, other = one_line(flaw.fix_text).partition(". ")
    key = "x " if chosen else "  "
    return (
        _indented(does + end.rstrip(), width, "bold" if chosen else "$muted", key),
        _indented(other, width, "$muted"),
    )


def _indented(text: str, width: int, style: str, key: str = "  ") -> list[Content]:
    lines = textwrap.wrap(text, max(10, width - 4))
    return [
        Content.assemble("  ", ("  " if place else key, "bold $accent"), (line, style))
        for place, line in enumerate(lines)
    ]


def _wrapped(text: str, width: int, style: str, sign: str = "") -> Iterator[Content]:
    wrapped = textwrap.wrap(
        one_line(text), max(10, width), initial_indent=sign, subsequent_indent=" " * len(sign)
    )
    for line in wrapped:
        yield Content.styled(line, style) if style else Content(line)
