"""What an import brings and what it cannot: lines for a table, and all about one profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import icons
from termai.tui.columns import Cell, Column

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Imported, Left
    from termai.profiles.profile import Profile

COLUMNS = (
    Column("", 3),
    Column("Name", 24, flexible=True),
    Column("Comes over", 10, 1, right=True),
    Column("Does not", 8, 2, right=True),
)
_SHOWN_VALUE = 60
_KEPT = "kept for an export"


def cells(imported: Imported, name: str, *, chosen: bool) -> Sequence[Cell]:
    """Return what the table says of one imported profile called ``name``."""
    return (
        "[x]" if chosen else "[ ]",
        Content.styled(one_line(name), "bold"),
        str(_count(imported.profile)),
        str(len(imported.left)) if imported.left else "-",
    )


def details(imported: Imported) -> Content:
    """Return notes, then what comes over, then what does not and why."""
    profile = imported.profile
    lines = [_note(note) for note in imported.notes]
    lines.append(_head(f"Comes over: {_count(profile)}"))
    lines += [_value(key, value) for key, value in _values(profile)]
    if imported.left:
        lines.append(_head(f"Has no counterpart: {len(imported.left)}"))
        lines += [line for left in imported.left for line in left_lines(left)]
    return Content("\n").join(lines)


def left_lines(left: Left) -> Iterator[Content]:
    """Yield what one side says and the other cannot hold, and why."""
    value = f" {one_line(left.value, _SHOWN_VALUE)}" if left.value else ""
    kept = f" ({_KEPT})" if left.kept else ""
    sign = (f"{icons.sign('warning')} ", icons.STYLES["warning"])
    yield Content.assemble("  ", sign, (one_line(left.key), "bold"), value, (kept, "$muted"))
    yield Content.styled(f"      {one_line(left.why)}", "$muted")


def _note(note: str) -> Content:
    return Content(f"- {one_line(note)}")


def _head(text: str) -> Content:
    return Content.styled(text, "bold")


def _value(key: str, value: str) -> Content:
    return Content.assemble(f"  {key:<20} ", (one_line(value, _SHOWN_VALUE), "bold"))


def _count(profile: Profile) -> int:
    return len(list(_values(profile)))


def _values(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield each key that a profile sets, with its value as a text; secrets are not shown."""
    from termai.profiles.kept import masked
    from termai.profiles.schema import AUTO, option
    from termai.profiles.values import format_value

    profile = masked(profile, kept=False)
    if profile.description:
        yield "description", profile.description
    if profile.engine != AUTO:
        yield "engine", profile.engine
    for key, value in profile.values.items():
        yield key, format_value(option(key), value)
    for engine, words in profile.args.items():
        yield f"args.{engine}", " ".join(words)
    for name, value in profile.env.items():
        yield f"env.{name}", value
