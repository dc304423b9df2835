"""TOML files people edit by hand: read with line numbers, updated without losing comments."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError
from termai.files import read_text, write_atomic

SCHEMA = 1

Key = tuple[str, ...]

_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")
_HEADER = re.compile(r"^\s*\[\[?\s*([^\]#]+?)\s*\]\]?")
_BARE_OR_QUOTED = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_ASSIGNMENT = re.compile(rf"^\s*({_BARE_OR_QUOTED}(?:\s*\.\s*{_BARE_OR_QUOTED})*)\s*=")
_PART = re.compile(_BARE_OR_QUOTED)


@dataclass(frozen=True, slots=True)
class Document:
    """The content of one TOML file and the line on which each table and key stands.

    ``lines`` maps a dotted key as a tuple to its 1-based line.
    """

    path: Path
    data: dict[str, Any]
    lines: Mapping[Key, int] = field(default_factory=dict)

    def where(self, key: Key) -> str:
        """Return ``FILE, line N`` for a key, or for the nearest table that holds it."""
        for length in range(len(key), 0, -1):
            line = self.lines.get(key[:length])
            if line:
                return f"{self.path}, line {line}"
        return str(self.path)

    def wrong(self, key: Key, expected: str, fix: str = "") -> InvalidFileError:
        """Return the error for ``key``: file, line, key and what was expected."""
        return InvalidFileError(f"{self.where(key)}: {'.'.join(key)}: {expected}.", fix=fix)


def read(path: Path) -> Document:
    """Read a TOML file of ours and check its ``schema``.

    Raises NotFoundError, and InvalidFileError naming file, line and what was expected.
    """
    text = read_text(path, limit=1 << 20)
    document = parse(text, path)
    schema = document.data.get("schema", SCHEMA)
    if schema != SCHEMA or isinstance(schema, bool):
        raise document.wrong(
            ("schema",),
            f"expected {SCHEMA}, found {schema!r}",
            fix="A newer termai may have written it; upgrade termai to read it.",
        )
    return document


def parse(text: str, path: Path) -> Document:
    """Parse TOML text that came from ``path``; raises InvalidFileError with the line."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, str(error), text) from error
    except RecursionError as error:
        raise InvalidFileError(f"{path}: values are nested too deeply.") from error
    return Document(path, data, _lines(text))


def update(path: Path, changes: Mapping[Key, Any]) -> None:
    """Set keys of a TOML file (``None`` removes one), keeping comments and order.

    A file that does not exist is written new. Raises InvalidFileError when the file does not
    parse: what cannot be understood is never overwritten.
    """
    if not path.exists():
        write_new(path, changes)
        return
    read(path)
    import tomlkit

    document = tomlkit.parse(read_text(path))
    for key, value in changes.items():
        _set(document, key, value)
    write_atomic(path, tomlkit.dumps(document))


def write_new(path: Path, values: Mapping[Key, Any]) -> None:
    """Write a new TOML file from dotted keys, with ``schema`` first."""
    import tomli_w

    tree: dict[str, Any] = {"schema": SCHEMA}
    for key, value in values.items():
        if value is not None:
            _set(tree, key, value)
    write_atomic(path, tomli_w.dumps(tree))


def _set(tree: Any, key: Key, value: Any) -> None:
    for part in key[:-1]:
        if part not in tree:
            if value is None:
                return
            tree[part] = {}
        tree = tree[part]
    if value is None:
        tree.pop(key[-1], None)
    else:
        tree[key[-1]] = value


def _syntax_error(path: Path, message: str, text: str) -> InvalidFileError:
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.count("\n") + 1
    return InvalidFileError(
        f"{path}, line {line}: not valid TOML: {_AT_LINE.sub('', message)}.",
        fix="The file was left as it is; mend that line.",
    )


def _lines(text: str) -> dict[Key, int]:
    """Map each table and key of valid TOML to its line, skipping strings that span lines."""
    lines: dict[Key, int] = {}
    table: Key = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            fence = "" if line.count(fence) % 2 else fence
            continue
        if header := _HEADER.match(line):
            table = _split(header[1])
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            lines.setdefault(table + _split(assignment[1]), number)
        fence = next((f for f in ('"""', "'''") if line.count(f) % 2), "")
    return lines


def _split(dotted: str) -> Key:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
