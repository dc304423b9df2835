"""The INI text of llama.cpp's preset files: sections of keys with the line of each.

The grammar is that of common/preset.cpp (parse_ini_from_file): one section or one key a line,
``;`` and ``#`` begin a comment anywhere, values are taken as they stand, without quotes.
"""

import re
from dataclasses import dataclass, field

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import Source
from termai.text import one_line

_SECTION = re.compile(r"\[[ \t]*([^\]\r\n]+?)[ \t]*\][ \t]*(?:[;#].*)?")
_KEY = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*(.*)")
_NOTHING = re.compile(r"[ \t]*(?:[;#].*)?")
_COMMENT = re.compile(r"[ \t]*[;#]")
_SECTIONS_LIMIT = 512
_KEYS_LIMIT = 1024
_HELD = re.compile(r"[^\s;#](?:[^\r\n;#]*[^\s;#])?")


@dataclass(frozen=True, slots=True)
class Section:
    """A section's keys in order, the last of several that are called the same.

    name: empty for what stands before the first section.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def parse(source: Source) -> list[Section]:
    """Return the sections of a text; raises InvalidFileError with the line that is none of INI."""
    sections: dict[str, Section] = {"": Section("")}
    current = sections[""]
    for number, line in enumerate(re.split(r"\r\n|\n|\r", source.text), 1):
        if header := _SECTION.fullmatch(line):
            current = sections[header[1]] = Section(header[1])
        elif pair := _KEY.fullmatch(line):
            current.values[pair[1]] = _COMMENT.split(pair[2], maxsplit=1)[0].rstrip(" \t")
            current.lines[pair[1]] = number
        elif not _NOTHING.fullmatch(line):
            raise InvalidFileError(
                f"{source.name}, line {number}: expected [SECTION], KEY = VALUE or a comment, "
                f"found {one_line(line, 60)!r}."
            )
        if len(sections) > _SECTIONS_LIMIT or len(current.values) > _KEYS_LIMIT:
            raise InvalidFileError(
                f"{source.name}, line {number}: expected at most {_SECTIONS_LIMIT} sections of "
                f"at most {_KEYS_LIMIT} keys."
            )
    return list(sections.values())


def holds(value: str) -> bool:
    """Tell whether a value reads back as it is."""
    return bool(_HELD.fullmatch(value))
