"""What differs between two profiles: by option, and line by line as ``diff -u`` tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line, printable

if TYPE_CHECKING:
    from termai.profiles.diff import Difference

SAME = "They say the same."
_KEY = 24
_LEAST = 14  # cells of a column of values below which values stand under their key
_GONE, _CAME = "$text-error", "$text-success"
_LINES = {"+": _CAME, "-": _GONE, "@": "$muted"}
_UNSET = "-"
_SHORT = 24  # cells of a value in a sentence


def by_option(
    differences: Sequence[Difference], width: int, names: tuple[str, str] = ("before", "after")
) -> Content:
    """Return the differences in ``width`` cells: key, what it was, what it is."""
    if not differences:
        return Content.styled(SAME, "$muted")
    column = (width - _KEY - 4) // 2
    if column < _LEAST:
        return Content("\n").join(line for d in differences for line in _under(d, width))
    head = f"{'':<{_KEY}}  {one_line(names[0], column):<{column}}  {one_line(names[1], column)}"
    lines = [Content.styled(head.rstrip(), "$muted")]
    for difference in differences:
        lines += _beside(difference, column, width)
    return Content("\n").join(lines)


def _beside(difference: Difference, column: int, width: int) -> Iterator[Content]:
    before, after = _words(difference.before), _words(difference.after)
    if max(len(before), len(after)) > column or len(difference.key) > _KEY:
        yield from _under(difference, width)
        return
    yield Content.assemble(
        (f"{one_line(difference.key):<{_KEY}}", "bold"),
        "  ",
        (f"{before:<{column}}", _GONE if difference.before is not None else "$muted"),
        "  ",
        (after, _CAME if difference.after is not None else "$muted"),
    )


def _under(difference: Difference, width: int) -> Iterator[Content]:
    """Yield the key, then what goes and what comes, each with its sign."""
    yield Content.styled(one_line(difference.key, width), "bold")
    for sign, value, style in (("-", difference.before, _GONE), ("+", difference.after, _CAME)):
        if value is not None:
            for line in printable(value).splitlines() or [""]:
                yield Content.styled(f"  {sign} {line}", style)


def _words(value: str | None) -> str:
    return _UNSET if value is None else one_line(value)


def by_line(text: str) -> Content:
    """Return a unified diff with the lines that go and come in their colours."""
    if not text:
        return Content.styled(SAME, "$muted")
    return Content("\n").join(
        Content.styled(line, _LINES.get(line[:1], "")) for line in printable(text).splitlines()
    )


def in_words(differences: Sequence[Difference], limit: int = 3) -> str:
    """Return what changed in a few words: ``ctx_size 6144 → 4096, no mlock and 2 more``."""
    words = [_in_words(difference) for difference in differences[:limit]]
    more = f" and {len(differences) - limit} more" if len(differences) > limit else ""
    return f"{', '.join(words)}{more}"


def _in_words(difference: Difference) -> str:
    key = difference.key.rpartition(".")[2] if difference.option else difference.key
    name = one_line(key, 40)
    if difference.after is None:
        return f"no {name}"
    after = one_line(difference.after, _SHORT)
    if difference.before is None:
        return f"{name} {after}"
    return f"{name} {one_line(difference.before, _SHORT)} → {after}"
