"""The text of a profile's file without its secrets, whether it is valid TOML or not."""

import re
from collections.abc import Iterator

from termai.profiles.kept import HIDDEN, hides, holds_secret, is_secret_flag, is_secret_name
from termai.profiles.schema import OPTIONS, SECTIONS
from termai.tomlfile import TOKEN

ANOTHER = "(hidden, another)"

_VALUE = re.compile(r"[ \t]*")
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
_LONG = ('"""', "'''")
_PROSE = frozenset({"description", *(declared.key for declared in OPTIONS)})
_TABLES = frozenset({*SECTIONS, "args", "env"})


class Masks:
    """Hides secrets in several texts, so that one that differs between them shows as another."""

    def __init__(self) -> None:
        self._seen: dict[str, list[str]] = {}

    def masked(self, text: str) -> str:
        """Return the text with every secret hidden and all else as it is."""
        parts = []
        end = 0
        for name, start, stop in _secrets(text):
            if start >= end:
                parts += [text[end:start], self._shown(name, text[start:stop])]
                end = stop
        return "".join([*parts, text[end:]])

    def _shown(self, name: str, secret: str) -> str:
        known = self._seen.setdefault(name, [])
        if secret not in known:
            known.append(secret)
        shown = HIDDEN
        if number := known.index(secret):
            shown = ANOTHER if number == 1 else f"(hidden, another {number})"
        return f"# {shown}" if secret.startswith("#") else f'"{shown}"'


def masked_text(text: str) -> str:
    """Return the text of a profile's file with every secret hidden, to be shown."""
    return Masks().masked(text)


def _secrets(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, start and end of each secret: a value, a word of a list, a whole comment.

    A name and what follows its ``=`` are looked at wherever they stand, so that a text broken
    elsewhere gives nothing away.
    """
    name = flag = owner = before = ""
    kept = False
    for match in TOKEN.finditer(text):
        kind, written = match.lastgroup, match[0]
        bare = _bare(written)
        if kind == "comment" and holds_secret(written):
            yield "#", match.start(), match.end()
        elif written == "=":
            flag, owner = "", name
            kept = kept or name == "kept"
            if is_secret_name(name):
                yield name, *_value(text, match.end())
        elif kind == "string" and (flag or hides("", bare, prose=not kept and owner in _PROSE)):
            yield flag or name, match.start(), match.end()
        if kind in ("string", "bare"):
            kept = bare == "kept" or (kept and not (before == "[" and bare in _TABLES))
            name = bare
            flag = name if is_secret_flag(name) and "=" not in name else ""
        before = written if kind != "comment" else before


def _value(text: str, start: int) -> tuple[int, int]:
    """Return where the value after an ``=`` begins and ends, at the end of its line if broken."""
    match = _VALUE.match(text, start)
    begin = match.end() if match else start
    token = TOKEN.match(text, begin)
    if token and token.lastgroup == "string" and len(token[0]) > 2:
        return begin, token.end()
    if text.startswith(_LONG, begin):
        return begin, len(text)
    if token and token[0] in _BRACKETS:
        return begin, _closed(text, begin)
    line = text.find("\n", begin)
    return begin, line if line >= 0 else len(text)


def _closed(text: str, start: int) -> int:
    depth = 0
    for match in TOKEN.finditer(text, start):
        depth += _BRACKETS.get(match[0], 0)
        if depth <= 0:
            return match.end()
    return len(text)


def _bare(token: str) -> str:
    return token.strip("\"'")
