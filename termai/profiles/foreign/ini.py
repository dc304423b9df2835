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

    name: empty for what stands before the first section. lines: of each key. lost: what another
    of the same name takes the place of: key and value with their line.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    lost: list[tuple[str, str, int]] = field(default_factory=list)

    def put(self, key: str, value: str, line: int) -> None:
        """Set a key to what a line says."""
        if key in self.values and self.values[key] != value:
            self.lost.append((key, self.values[key], self.lines[key]))
        self.values[key] = value
        self.lines[key] = line

    def again(self) -> "Section":
        """Return the section as it begins anew, which forgets what it said before."""
        before = [(key, value, self.lines[key]) for key, value in self.values.items()]
        return Section(self.name, lost=[*self.lost, *before])


def parse(source: Source) -> list[Section]:
    """Return the sections of a text; raises InvalidFileError with the line that is none of INI."""
    sections: dict[str, Section] = {"": Section("")}
    current = sections[""]
    for number, line in enumerate(re.split(r"\r\n|\n|\r", source.text), 1):
        if header := _SECTION.fullmatch(line):
            current = sections.get(header[1], Section(header[1])).again()
            sections[header[1]] = current
        elif pair := _KEY.fullmatch(line):
            current.put(pair[1], _COMMENT.split(pair[2], maxsplit=1)[0].rstrip(" \t"), number)
        elif not _NOTHING.fullmatch(line):
            raise InvalidFileError(
                f"{source.name}, line {number}: expected [SECTION], KEY = VALUE or a comment, "
                f"found {one_line(line, 60)!r}."
            )
        if len(sections) > _SECTIONS_LIMIT or _keys(current) > _KEYS_LIMIT:
            raise InvalidFileError(
                f"{source.name}, line {number}: expected at most {_SECTIONS_LIMIT} sections of "
                f"at most {_KEYS_LIMIT} keys."
            )
    return list(sections.values())


def _keys(section: Section) -> int:
    return len(section.values) + len(section.lost)


def holds(value: str) -> bool:
    """Tell whether a value reads back as it is."""
    return bool(_HELD.fullmatch(value))
