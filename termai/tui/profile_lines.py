"""The lines of a profile's form: a row per field, and the paragraph about the chosen one."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from textual.content import Content

from termai.profiles.option import Kind
from termai.text import one_line
from termai.tui import icons
from termai.tui.profile_fields import Field, Origin, Shown, facts

MARGIN, NAME, ORIGIN = 3, 18, 9
VALUE = 14  # cells of a value at least
_WIDE = 92  # from which a row says in a few words what its field does
_WIDE_VALUE = 26
_TALL = 5  # lines of help in which there is room for more than what a field does
_WORDS = {
    Origin.PROFILE: "set in this profile",
    Origin.DEFAULT: "the default, as the profile does not set it",
    Origin.AUTOMATIC: "worked out for this machine",
    Origin.ENGINE: "left to the engine",
}


def value_width(width: int) -> int:
    """Return the cells that a value has in a row of ``width``."""
    if width >= _WIDE:
        return _WIDE_VALUE
    origin = ORIGIN + 1 if width >= MARGIN + NAME + 1 + VALUE + 1 + ORIGIN else 0
    return max(1, width - MARGIN - NAME - 1 - origin)


def edit_width(width: int) -> int:
    """Return the cells that an edited value has, to the end of the row."""
    return max(1, width - MARGIN - NAME - 1)


def heading(group: str, width: int) -> Content:
    """Return the line above a group."""
    return Content.styled(f"{group:<{width}}"[:width], "$primary bold")


def row(field: Field, shown: Shown, width: int, *, sign: str = "", chosen: bool = False) -> Content:
    """Return the line of a field: name, value, where it comes from, and what it does if wide.

    sign: the name of the sign before it, as of a clash. chosen: whether it is the chosen row, which
    has a sign of its own, and a colour on which nothing is muted.
    """
    room = value_width(width)
    muted = "" if chosen else "$muted"
    style = muted
    if shown.origin is Origin.PROFILE or shown.changed:
        style = "bold"
    name_style = f"{muted} strike".lstrip() if shown.ignored else ""
    mark = Content.styled("*" if shown.changed else " ", "$text-warning bold")
    lead = Content.styled(f"{icons.sign(sign)}" if sign else " ", icons.STYLES.get(sign, ""))
    parts = [
        Content(icons.sign("chosen") if chosen else " "),
        lead,
        mark,
        Content.styled(_padded(field.name, NAME), name_style),
        Content(" "),
        Content.styled(_padded(_short(field, shown.text, room), room), style),
    ]
    used = MARGIN + NAME + 1 + room
    if width - used > ORIGIN:
        origin = "ignored" if shown.ignored else str(shown.origin)
        parts += [Content(" "), Content.styled(_padded(origin, ORIGIN), muted)]
        used += ORIGIN + 1
    if width - used > 12:
        words = one_line(field.help, width - used - 2)
        parts += [Content("  "), Content.styled(words, muted)]
    return Content("").join(parts)


def about(field: Field, shown: Shown, wrong: str, width: int, height: int = 99) -> Content:
    """Return what there is to say of a field; ``wrong`` is what is wrong with what was typed.

    In less than five lines what the field takes is left out.
    """
    return Content("\n").join(_about(field, shown, wrong, width, brief=height < _TALL))


def _about(field: Field, shown: Shown, wrong: str, width: int, *, brief: bool) -> Iterator[Content]:
    if wrong:
        sign = icons.sign("problem")
        yield from _wrapped(f"{sign} {wrong}", width, icons.STYLES["problem"])
    origin = "not known to the chosen engine" if shown.ignored else _WORDS[shown.origin]
    changed = ", not saved yet" if shown.changed else ""
    head = Content.assemble((field.name, "bold"), (f"  {origin}{changed}", "$muted"))
    yield head.truncate(width, ellipsis=True)
    if not brief:
        yield from _wrapped("  ".join(_plain(facts(field))), width, "$text-accent")
    yield from _wrapped(one_line(field.help), width, "")


def _plain(parts: tuple[str, ...]) -> Iterator[str]:
    for place, part in enumerate(parts):
        yield part if place == len(parts) - 1 else f"{part};"


def _wrapped(text: str, width: int, style: str) -> Iterator[Content]:
    for line in textwrap.wrap(text, max(10, width)):
        yield Content.styled(line, style) if style else Content(line)


def _short(field: Field, text: str, width: int) -> str:
    """Return a path that is too long by the name at its end."""
    if len(text) <= width or field.option is None or field.option.kind is not Kind.PATH:
        return text
    name = text.rpartition("/")[2]
    return name if len(name) <= width else f"…{name[1 - width :]}"


def _padded(text: str, width: int) -> str:
    """Return text of exactly ``width`` characters, cut with an ellipsis."""
    return f"{one_line(text, width):<{width}}"
