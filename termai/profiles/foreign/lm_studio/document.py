"""An LM Studio preset as its fields, each with the very text of its value, and back."""

from json import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple

from termai.errors import InvalidFileError
from termai.profiles.foreign.lm_studio.fields import LOAD, OPERATION
from termai.profiles.foreign.rawjson import Member, dumped, members, object_of
from termai.text import one_line
from termai.tomlfile import shown

MOST = 1024  # fields in one file
_BETWEEN = " \t\r\n,"
_DECODER = JSONDecoder(parse_int=str)  # as text, however long


class Said(NamedTuple):
    """A field, or any other member of the file: where it stands, its key, its value, its text.

    section: ``operation``, ``load`` or empty for the file itself.
    """

    section: str
    key: str
    value: Any
    raw: str

    @property
    def kept_as(self) -> str:
        """The key under which it is kept."""
        return f"{self.section}/{self.key}" if self.section else self.key


def fields_of(text: str, name: str) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """Return what a preset says in the order of the file, and the keys that stand twice.

    Of a key that stands twice the last counts. Raises InvalidFileError for a text that is no
    JSON object or has lists of another form.
    """
    top, twice = members(text, name)
    found: dict[tuple[str, str], Said] = {}
    again = list(twice)
    for key, member in top.items():
        inside = (
            _inside(key, member, name) if key in (OPERATION, LOAD) else [Said("", key, *member)]
        )
        for said in inside:
            place = (said.section, said.key)
            again += [said.key] if place in found else []
            found[place] = said
    if len(found) > MOST:
        raise InvalidFileError(f"{name}: expected at most {MOST} fields.")
    return tuple(found.values()), tuple(dict.fromkeys(again))


def written(top: dict[str, str], operation: dict[str, str], load: dict[str, str]) -> str:
    """Return the text of a preset: values in the texts given, untouched."""
    lines = [f"  {dumped(key)}: {text}" for key, text in top.items()]
    for section, fields in ((OPERATION, operation), (LOAD, load)):
        items = [
            f'      {{\n        "key": {dumped(key)},\n        "value": {text}\n      }}'
            for key, text in fields.items()
        ]
        inner = ",\n".join(items)
        listed = f"[\n{inner}\n    ]" if items else "[]"
        lines.append(f'  "{section}": {{\n    "fields": {listed}\n  }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def is_value(text: str) -> bool:
    """Return whether a text is one JSON value and nothing more, so that it spoils no file."""
    return list(object_of(f'{{"": {text}}}') or ()) == [""]


def value_of(text: str) -> Any:
    """Return the JSON value that a text is, None where it is none."""
    inside = object_of(f'{{"": {text}}}') or {}
    return inside[""].value if list(inside) == [""] else None


def _inside(section: str, member: Member, name: str) -> list[Said]:
    """Return the fields of ``operation`` or ``load``, and what else stands there."""
    if member.value is None:
        return []
    if not isinstance(member.value, dict):
        raise InvalidFileError(
            f"{name}: {section}: expected an object with fields, found {shown(member.value)}."
        )
    found: list[Said] = []
    for key, inner in members(member.raw, name)[0].items():
        if key == "fields" and isinstance(inner.value, list):
            found += _fields(section, inner.raw, name)
        elif key == "fields" and inner.value is not None:
            raise InvalidFileError(
                f"{name}: {section}.fields: expected a list, found {shown(inner.value)}."
            )
        elif key != "fields":
            found.append(Said(f"{section}.{key}", key, *inner))
    return found


def _fields(section: str, raw: str, name: str) -> list[Said]:
    found: list[Said] = []
    for text in _items(raw):
        inner = members(text, name)[0] if text.startswith("{") else {}
        key = inner["key"].value if "key" in inner else None
        if not isinstance(key, str) or not key:
            raise InvalidFileError(
                f"{name}: {section}.fields: expected objects with key and value, "
                f"found {one_line(text[:60], 40)}."
            )
        value = inner.get("value", Member(None, "null"))
        found.append(Said(section, key, *value))
        for more, member in inner.items():
            if more not in ("key", "value"):
                found.append(Said(f"{section}.{key}", more, *member))
    return found


def _items(raw: str) -> list[str]:
    """Return the texts of the items of a list, which is JSON already."""
    found: list[str] = []
    at, end = 1, len(raw) - 1
    while at < end:
        if raw[at] in _BETWEEN:
            at += 1
            continue
        try:
            _, behind = _DECODER.raw_decode(raw, at)
        except (JSONDecodeError, ValueError):
            break
        found.append(raw[at:behind])
        at = behind
    return found
