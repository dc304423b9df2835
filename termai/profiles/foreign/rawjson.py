"""The members of a JSON object together with the very text of each value."""

import json
import re
from json.decoder import JSONDecodeError, JSONDecoder, scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from termai.errors import InvalidFileError
from termai.text import one_line

DEPTH_LIMIT = 64
MEMBER_LIMIT = 4096
_DIGITS = 20  # of a whole number; one with more is read as a float, so that it costs no time
_SPACE = re.compile(r"[ \t\n\r]*")
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)


class Member(NamedTuple):
    """A member of an object: its value, and the text that says it, without the space around it."""

    value: Any
    raw: str


def members(text: str, name: str) -> tuple[dict[str, Member], tuple[str, ...]]:
    """Return the members of the object that ``text`` holds, and the names that stand twice.

    Of a name that stands twice the last one counts, as with every reader of JSON. ``name`` is
    how errors call the text. Raises InvalidFileError for a text that is no JSON (RFC 8259; NaN
    and Infinity are let through, as Python writes them), no object, nested deeper than
    ``DEPTH_LIMIT`` or of more than ``MEMBER_LIMIT`` members.
    """
    text = text.removeprefix("\ufeff")
    if _too_deep(text):
        raise InvalidFileError(f"{name}: expected at most {DEPTH_LIMIT} levels of brackets.")
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise InvalidFileError(f"{name}: expected a JSON object, {{…}}.")
    try:
        found, twice, end = _object(text, at + 1)
        if _skip(text, end) != len(text):
            raise JSONDecodeError("Extra data", text, end)
    except JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidFileError(f"{name}, {where}: expected JSON: {one_line(error.msg)}.") from error
    if len(found) > MEMBER_LIMIT:
        raise InvalidFileError(f"{name}: expected at most {MEMBER_LIMIT} keys.")
    return found, twice


def object_of(text: str) -> dict[str, Member] | None:
    """Return the members of the object that ``text`` holds; None for any other text."""
    try:
        return members(text, "")[0]
    except InvalidFileError:
        return None


def value_of(text: str) -> Any:
    """Return the one value that ``text`` holds; raises ValueError for any other text."""
    inside = object_of(f'{{"value": {text}}}') or {}
    if len(inside) != 1 or inside["value"].raw != text.strip():
        raise ValueError(text[:20])
    return inside["value"].value


def dumped(value: Any) -> str:
    """Return a value as JSON on one line, in ASCII, as Python's own writer spells it."""
    return json.dumps(value)


def joined(texts: dict[str, str], indent: str = "") -> str:
    """Return an object whose values are written in the given texts, untouched."""
    if not texts:
        return "{}"
    start, end = (f"\n{indent}", "\n") if indent else ("", "")
    lines = f",{start or ' '}".join(f"{json.dumps(key)}: {text}" for key, text in texts.items())
    return f"{{{start}{lines}{end}}}"


def _object(text: str, at: int) -> tuple[dict[str, Member], tuple[str, ...], int]:
    found: dict[str, Member] = {}
    twice: dict[str, None] = {}
    at = _skip(text, at)
    if text[at : at + 1] == "}":
        return found, (), at + 1
    while True:
        if text[at : at + 1] != '"':
            raise JSONDecodeError("a key in double quotes belongs here", text, at)
        key, at = scanstring(text, at + 1)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise JSONDecodeError("a colon belongs here", text, at)
        start = _skip(text, at + 1)
        value, end = _DECODER.raw_decode(text, start)
        if found.pop(key, None):
            twice[key] = None
        found[key] = Member(value, text[start:end])
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return found, tuple(twice), at + 1
        if text[at : at + 1] != ",":
            raise JSONDecodeError("a comma or a closing brace belongs here", text, at)
        at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _too_deep(text: str) -> bool:
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text):
        mark = token[0]
        depth += (mark in "[{") - (mark in "]}")
        if depth > DEPTH_LIMIT:
            return True
    return False


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


_DECODER = JSONDecoder(parse_int=_whole)
