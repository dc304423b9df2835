"""TOML files people edit by hand: read with line numbers, updated without losing comments."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError
from termai.files import read_text, write_atomic
from termai.text import one_line

SCHEMA = 1
LIMIT = 1 << 20

Key = tuple[str, ...]

_DEPTH = {"[": 1, "{": 1, "]": -1, "}": -1}
_AT_LINE = re.compile(r"\s*\(at line (\d+), column (\d+)\)$")
TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*')"
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<mark>[\[\]{}=.,])"
    r"|(?P<bare>[^\s\[\]{}=.,\#\"']+)",
    re.DOTALL,
)


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
        named = one_line(".".join(key), 120)
        return InvalidFileError(f"{self.where(key)}: {named}: {expected}.", fix=fix)


def read(path: Path) -> Document:
    """Read a TOML file of ours and check its ``schema``.

    Raises NotFoundError, and InvalidFileError naming file, line and what was expected.
    """
    return parse(read_text(path, limit=LIMIT), path)


def parse(text: str, path: Path) -> Document:
    """Parse TOML text that came from ``path`` and check its ``schema``.

    Raises InvalidFileError with the line.
    """
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise InvalidFileError(f"{path}: values are nested too deeply.") from error
    except ValueError as error:  # TOMLDecodeError, and int() refusing thousands of digits
        raise _syntax_error(path, str(error), text) from error
    document = Document(path, data, _lines(text))
    schema = data.get("schema", SCHEMA)
    if type(schema) is not int or schema != SCHEMA:
        raise document.wrong(
            ("schema",),
            f"expected {SCHEMA}, found {shown(schema)}",
            fix="A newer termai may have written it; upgrade termai to read it.",
        )
    return document


def update(path: Path, changes: Mapping[Key, Any]) -> None:
    """Set keys of a TOML file (``None`` removes one), keeping comments and order.

    A file that does not exist is written new. Raises InvalidFileError when the file does not
    parse: what cannot be understood is never overwritten.
    """
    if not os.path.exists(path):  # noqa: PTH110  which would raise below a closed directory
        write_atomic(path, new_text(changes))
    else:
        write_atomic(path, updated_text(read_text(path, limit=LIMIT), path, changes))


def new_text(values: Mapping[Key, Any]) -> str:
    """Return a TOML text of dotted keys, with ``schema`` first."""
    import tomli_w

    tree: dict[str, Any] = {"schema": SCHEMA}
    for key, value in values.items():
        if value is not None:
            _set(tree, key, value)
    texts = (value for value in values.values() if isinstance(value, str))
    return tomli_w.dumps(tree, multiline_strings=not any("\r\n" in text for text in texts))


def updated_text(text: str, path: Path, changes: Mapping[Key, Any]) -> str:
    """Return TOML text from ``path`` with keys set or, by ``None``, removed.

    Comments, order and spelling of everything else stay. Raises InvalidFileError when the text
    does not parse or cannot be changed without changing more than was asked.
    """
    wanted = parse(text, path).data
    refused = InvalidFileError(
        f"{path} could not be changed without changing more than was asked.",
        fix="The file was left as it is; edit it by hand.",
    )
    try:
        for key, value in changes.items():
            _set(wanted, key, value)
    except (TypeError, AttributeError) as error:  # a plain value where a table belongs
        raise refused from error
    for keep in (True, False):
        result = _changed(text, changes, keep=keep)
        if result is not None and tomllib.loads(result) == wanted:
            return result
    raise refused


def _changed(text: str, changes: Mapping[Key, Any], *, keep: bool) -> str | None:
    """Return TOML text changed by tomlkit, None where it cannot; ``keep`` changes lists in place.

    It takes less than TOML allows, such as 100 levels.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        for key, value in changes.items():
            _set_in_place(document, key, value, keep=keep)
        result = tomlkit.dumps(document)
        tomllib.loads(result)
    except (TOMLKitError, RecursionError, TypeError, ValueError, AttributeError, LookupError):
        return None
    return result


def shown(value: Any) -> str:
    """Return a TOML value short and printable, for an error message."""
    import json
    import reprlib

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 64:
        return f"a number of {value.bit_length()} bits"
    if isinstance(value, str):
        return json.dumps(one_line(value[:200], 60), ensure_ascii=False)
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return one_line(reprlib.repr(value), 60)


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


def _set_in_place(document: Any, key: Key, value: Any, *, keep: bool) -> None:
    """Do what ``_set`` does to a tomlkit document, below the last key of the table."""
    holder = document
    for part in key[:-1]:
        holder = holder.get(part) if holder is not None else None
    if keep and holder is not None and _edited(holder.get(key[-1]), value):
        return
    new = value is not None and holder is not None and key[-1] not in holder
    trailing = _detach_trailing(holder) if new and holder is not document else []
    _set(document, key, None if value is None else _item(value))
    if trailing:
        holder.value.body.extend(trailing)


def _edited(array: Any, wanted: Any) -> bool:
    """Make a list another, entry by entry, so that comments beside those that stay do too.

    One that takes the place of another keeps its comment. False where nothing of it would stay.
    """
    from difflib import SequenceMatcher

    from tomlkit.items import Array

    if not isinstance(array, Array) or not isinstance(wanted, list):
        return False
    old, new = list(map(repr, array.unwrap())), list(map(repr, wanted))
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    if all(step != "equal" for step, *_ in steps):
        return False
    for step, start, stop, first, last in reversed(steps):
        if step != "equal":
            _replace(array, start, stop, wanted[first:last])
    return True


def _replace(array: Any, start: int, stop: int, wanted: list[Any]) -> None:
    same = min(stop - start, len(wanted))
    for index in reversed(range(start + same, stop)):
        del array[index]
    for index, value in enumerate(wanted):
        if index < same:
            array[start + index] = _entry(value)
        else:
            array.insert(start + index, _entry(value))


def _detach_trailing(table: Any) -> list[Any]:
    """Take off what follows a blank line after a table's last key: it belongs to the next."""
    from tomlkit.items import Table

    if not isinstance(table, Table):
        return []
    body = table.value.body
    last = max((i for i, (name, _) in enumerate(body) if name is not None), default=-1)
    for index in range(last + 1, len(body)):
        if not body[index][1].as_string().strip():
            trailing = body[index:]
            del body[index:]
            return trailing
    return []


def _item(value: Any) -> Any:
    """Return a value as a tomlkit item: tables in lists inline, texts of several lines so.

    TOML drops a line break that a text of several lines begins with, and may change ``\\r\\n``.
    """
    import tomlkit

    if isinstance(value, str) and "\n" in value[1:] and value[0] != "\n" and "\r\n" not in value:
        return tomlkit.string(value, multiline=True)
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_entry(item))
        return array
    return tomlkit.item(value)


def _entry(value: Any) -> Any:
    """Return an entry of a list: a table is inline there."""
    return _inline(value) if isinstance(value, dict) else value


def _inline(values: dict[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(values)
    return table


def _syntax_error(path: Path, message: str, text: str) -> InvalidFileError:
    found = _AT_LINE.search(message)
    line = int(found[1]) if found else text.count("\n") + 1
    return InvalidFileError(
        f"{path}, line {line}: not valid TOML: {_AT_LINE.sub('', message)}.",
        fix="The file was left as it is; mend that line.",
    )


def _lines(text: str) -> dict[Key, int]:
    """Map each table and key of valid TOML, outside of values, to the line where it begins."""
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, tokens in _statements(text):
        if tokens[0] == "[":
            table = _key(tokens)
            lines.setdefault(table, number)
        elif "=" in tokens:
            lines.setdefault(table + _key(tokens[: tokens.index("=")]), number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and tokens of each header and assignment of valid TOML."""
    number, start, depth = 1, 1, 0
    tokens: list[str] = []
    for match in TOKEN.finditer(text):
        found, kind = match[0], match.lastgroup
        if kind == "newline" and not depth:
            if tokens:
                yield start, tokens
            tokens = []
        elif kind in ("string", "mark", "bare"):
            start = start if tokens else number
            tokens.append(found)
            depth += _DEPTH.get(found, 0)
        number += found.count("\n")
    if tokens:
        yield start, tokens


def _key(tokens: list[str]) -> Key:
    parts = [token for token in tokens if token not in ("[", "]", ".")]
    return tuple(_unquoted(part) for part in parts)


def _unquoted(part: str) -> str:
    return str(tomllib.loads(f"key = {part}")["key"]) if part[0] in "\"'" else part
