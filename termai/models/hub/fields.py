"""Fields of the hub's answers, read without believing that they are what they should be."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from termai.text import one_line

_MOST = 1 << 62
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_LICENCE = "license:"


def text(value: object, width: int) -> str:
    """Return a text on one printable line of at most ``width`` characters, empty for others."""
    return one_line(value[: 4 * width], width) if isinstance(value, str) else ""


def count(value: object) -> int:
    """Return a whole number from 0 on, 0 for anything else."""
    return value if type(value) is int and 0 <= value < _MOST else 0


def date(value: object) -> str:
    """Return a date in ISO 8601, UTC, to the second; empty for anything else."""
    return f"{value[:19]}Z" if isinstance(value, str) and _DATE.fullmatch(value) else ""


def gate(value: object) -> bool:
    """Whether conditions must be accepted: the hub says ``auto``, ``manual`` or false."""
    return value is True or value in ("auto", "manual")


def tags(value: object) -> Iterable[str]:
    """Yield the tags that are texts."""
    return (tag for tag in value[:500] if isinstance(tag, str)) if isinstance(value, list) else ()


def licence(said: Mapping[str, Any]) -> str:
    """Return the licence that the tags name, or else the card; empty where neither does."""
    for tag in tags(said.get("tags")):
        if tag.startswith(_LICENCE):
            return text(tag.removeprefix(_LICENCE), 60)
    card = said.get("cardData")
    stated = card.get("license") if isinstance(card, Mapping) else None
    if isinstance(stated, list):
        stated = ", ".join(one for one in stated[:5] if isinstance(one, str))
    return text(stated, 60)
