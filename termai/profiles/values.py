"""Values of options: checked, read from a command line or a form, and shown again."""

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from termai.errors import UsageError
from termai.profiles.schema import Adapter, Kind, Option, option
from termai.text import one_line
from termai.tomlfile import shown

LINE_LIMIT = 4096
PROSE_LIMIT = 262_144
ITEMS_LIMIT = 256

_NOT_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_THOUSANDS = re.compile(r"\s*(\d{1,9}(?:\.\d{1,4})?)\s*[kK]\s*")
_SWITCH = {"true": True, "on": True, "yes": True, "1": True} | {
    "false": False,
    "off": False,
    "no": False,
    "0": False,
}


class RefusedValueError(UsageError):
    """A value that its option does not take; ``expected`` says what it takes and what came."""

    def __init__(self, where: Option, expected: str) -> None:
        super().__init__(f"{where.section}.{where.key}: {expected}.")
        self.expected = expected


def check(where: Option, value: Any) -> Any:
    """Return ``value`` in the one form that its option keeps, ``None`` when it is empty.

    Whole numbers are no switches, a NUMBER is a float, lists are tuples; an empty text or list
    means that the option is not set. Raises RefusedValueError.
    """
    checked = _CHECKS[where.kind](where, value)
    return None if checked in ("", ()) else checked


def parse_value(where: Option, text: str) -> Any:
    """Return the value that a command line or a form means by ``text``, checked.

    Lists are separated by commas, or written as a JSON array where an item holds a comma;
    an adapter is ``PATH`` or ``PATH:SCALE``; ``16k`` is the whole number 16384. Raises
    RefusedValueError.
    """
    read = _READERS.get(where.kind)
    if read is None or text in where.words:
        return check(where, text)
    try:
        value = read(text)
    except (ValueError, RecursionError):
        value = text
    return check(where, value)


def parse_assignment(text: str) -> tuple[str, Any]:
    """Return key and value of ``KEY=VALUE``, as ``--set`` takes them; KEY may name its section.

    Raises UsageError for a text of another form or an unknown key, and RefusedValueError.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(
            f"{one_line(text, 60)!r} is not KEY=VALUE.", fix="For example: ctx_size=8192"
        )
    section, _, bare = key.strip().rpartition(".")
    found = option(bare)
    if section and section != found.section:
        raise UsageError(f"{bare} belongs to {found.section}, not to {one_line(section, 60)}.")
    return found.key, parse_value(found, value.strip())


def format_value(where: Option, value: Any) -> str:
    """Return a checked value as the text that ``parse_value`` reads; ``None`` is empty."""
    if value is None:
        return ""
    if where.kind is Kind.SWITCH:
        return "on" if value else "off"
    if where.kind is Kind.ADAPTERS:
        plain = [f"{adapter.path}:{adapter.scale!r}" for adapter in value]
        tables = [{"path": adapter.path, "scale": adapter.scale} for adapter in value]
        return _joined(plain, tables)
    if where.kind in (Kind.LIST, Kind.NUMBERS):
        texts = [item if isinstance(item, str) else f"{item:.17g}" for item in value]
        return _joined(texts, list(value))
    return str(value)


def expectation(where: Option) -> str:
    """Return what an option takes, for an error, a form or the reference page."""
    described = _KINDS[where.kind]
    if where.kind is Kind.CHOICE:
        described = "one of " + ", ".join(where.choices)
    if where.low is not None and where.high is not None:
        described += f" from {_plain(where.low)} to {_plain(where.high)}"
    if where.words:
        described += ", " + " or ".join(f'"{word}"' for word in where.words)
    return described


def is_prose(value: Any, limit: int = PROSE_LIMIT) -> bool:
    """Tell whether a value is text of at most ``limit`` characters, line breaks allowed."""
    return isinstance(value, str) and len(value) <= limit and not _NOT_PROSE.search(value)


def is_line(value: Any) -> bool:
    """Tell whether a value is a text on one line, without control characters."""
    return isinstance(value, str) and len(value) <= LINE_LIMIT and not _NOT_LINE.search(value)


def _refuse(where: Option, value: Any) -> RefusedValueError:
    return RefusedValueError(where, f"expected {expectation(where)}, found {shown(value)}")


def _refuse_item(where: Option, item: Any) -> RefusedValueError:
    expected = f"expected {expectation(where)}, found {shown(item)} in it"
    return RefusedValueError(where, expected)


def _line(where: Option, value: Any) -> str:
    if is_line(value):
        return str(value)
    raise _refuse(where, value)


def _prose(where: Option, value: Any) -> str:
    if is_prose(value):
        return str(value)
    raise _refuse(where, value)


def _switch(where: Option, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise _refuse(where, value)


def _choice(where: Option, value: Any) -> str:
    if isinstance(value, str) and (value in where.choices or not value):
        return value
    raise _refuse(where, value)


def _whole(where: Option, value: Any) -> int | str:
    if isinstance(value, str) and value in where.words:
        return value
    if isinstance(value, int) and _in_range(where, value):
        return value
    raise _refuse(where, value)


def _number(where: Option, value: Any) -> float:
    if _in_range(where, value):
        return float(value)
    raise _refuse(where, value)


def _list(where: Option, value: Any) -> tuple[str, ...]:
    return tuple(_item_text(where, item) for item in _items(where, value))


def _item_text(where: Option, item: Any) -> str:
    if is_prose(item, LINE_LIMIT) and item:
        return str(item)
    raise _refuse_item(where, item)


def _numbers(where: Option, value: Any) -> tuple[float, ...]:
    return tuple(_item_number(where, item) for item in _items(where, value))


def _item_number(where: Option, item: Any) -> float:
    if _in_range(where, item):
        return float(item)
    raise _refuse_item(where, item)


def _adapters(where: Option, value: Any) -> tuple[Adapter, ...]:
    return tuple(_adapter(where, item) for item in _items(where, value))


def _adapter(where: Option, item: Any) -> Adapter:
    table = item._asdict() if isinstance(item, Adapter) else item
    if not isinstance(table, dict) or not {"path"} <= set(table) <= {"path", "scale"}:
        raise _refuse_item(where, item)
    path, scale = table["path"], table.get("scale", 1.0)
    if is_line(path) and path and _is_real(scale) and abs(scale) <= 1000:
        return Adapter(path, float(scale))
    raise _refuse_item(where, item)


def _items(where: Option, value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple) and len(value) <= ITEMS_LIMIT:
        return value
    raise _refuse(where, value)


def _is_real(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _in_range(where: Option, value: Any) -> bool:
    low, high = where.low, where.high
    return _is_real(value) and (low is None or low <= value) and (high is None or value <= high)


def _plain(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)


def _joined(texts: list[str], items: Sequence[Any]) -> str:
    if not texts:
        return ""
    simple = all(text and text == text.strip() and "," not in text for text in texts)
    if simple and not texts[0].startswith("["):
        return ", ".join(texts)
    return json.dumps(items, ensure_ascii=False)


def _split(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        items = json.loads(text)
        return items if isinstance(items, list) else [text]
    return [part.strip() for part in text.split(",")] if text.strip() else []


def _read_adapters(text: str) -> list[Any]:
    return [_read_adapter(item) if isinstance(item, str) else item for item in _split(text)]


def _read_adapter(text: str) -> dict[str, Any]:
    path, colon, scale = text.rpartition(":")
    try:
        return {"path": path, "scale": float(scale)} if colon else {"path": text}
    except ValueError:
        return {"path": text}


def _read_whole(text: str) -> int:
    """Return a whole number; a ``k`` behind it stands for 1024, as people write contexts."""
    thousands = _THOUSANDS.fullmatch(text)
    if thousands is None:
        return int(text)
    count = float(thousands[1]) * 1024
    if not count.is_integer():
        raise ValueError(text)
    return int(count)


def _read_numbers(text: str) -> list[Any]:
    return [float(item) if isinstance(item, str) else item for item in _split(text)]


_KINDS = {
    Kind.TEXT: "a text on one line",
    Kind.PROSE: "a text",
    Kind.PATH: "a path",
    Kind.WHOLE: "a whole number",
    Kind.NUMBER: "a number",
    Kind.SWITCH: "true or false",
    Kind.CHOICE: "",
    Kind.LIST: "a list of texts",
    Kind.NUMBERS: "a list of numbers",
    Kind.ADAPTERS: 'a list of adapters, each { path = "FILE", scale = NUMBER }',
}
_CHECKS: dict[Kind, Callable[[Option, Any], Any]] = {
    Kind.TEXT: _line,
    Kind.PROSE: _prose,
    Kind.PATH: _line,
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.NUMBERS: _numbers,
    Kind.ADAPTERS: _adapters,
}
_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.WHOLE: _read_whole,
    Kind.NUMBER: float,
    Kind.SWITCH: lambda text: _SWITCH.get(text.lower(), text),
    Kind.LIST: _split,
    Kind.NUMBERS: _read_numbers,
    Kind.ADAPTERS: _read_adapters,
}
