"""Other programs' files as profiles and profiles as theirs, one module per format.

What a file says is read and never run, whatever it is.
"""

import re
from dataclasses import replace

from termai.errors import InvalidFileError, UsageError
from termai.profiles.foreign.base import TEXT_LIMIT, Format, Imported, Source
from termai.profiles.foreign.formats import NAMES, format_named, formats
from termai.text import one_line

_LOADS_CODE = re.compile(
    r"(?:LD|DYLD)_\w+|PATH|PYTHON\w*|BASH_ENV|ENV|GGML_BACKEND_PATH|GCONV_PATH", re.IGNORECASE
)

__all__ = ["NAMES", "detect", "format_named", "formats", "read"]


def detect(source: Source) -> Format:
    """Return the format of a file, by its name where that tells, else by its text.

    Raises InvalidFileError that names what was looked for.
    """
    every = [found for found in formats() if found.read]
    by_name = _by_name(every, source)
    found = by_name or next((one for one in every if one.claims(source.text)), None)
    if found is None:
        looked = ", ".join(f"{one.title} ({one.name})" for one in every)
        raise InvalidFileError(
            f"{source.name} is none of the files that can be imported: {looked}.",
            fix="If it is one of them, say which with --format NAME.",
        )
    return found


def read(source: Source, format: str = "") -> tuple[Imported, ...]:  # noqa: A002
    """Return the profiles in a file or a pasted text; an empty ``format`` finds it out.

    Raises InvalidFileError naming the file, the key and what was expected, and UsageError for a
    format that is not known or only written.
    """
    if len(source.text) > TEXT_LIMIT:
        raise InvalidFileError(
            f"{source.name} is longer than {TEXT_LIMIT} characters, the most that is imported."
        )
    found = format_named(format) if format else detect(source)
    if found.read is None:
        raise UsageError(f"{found.title} can be exported and not imported.")
    return tuple(map(_warned, found.read(source)))


def _warned(imported: Imported) -> Imported:
    """Return what was imported with a note on variables that decide which code its server runs."""
    names = [name for name in imported.profile.env if _LOADS_CODE.fullmatch(name)]
    if not names:
        return imported
    shown = ", ".join(one_line(name, 60) for name in names[:5])
    it = f"{shown} in the environment decides" if len(names) == 1 else f"{shown} decide"
    note = f"{it} which programs and libraries run: keep it only if you know what is there."
    return replace(imported, notes=(*imported.notes, note))


def _by_name(every: list[Format], source: Source) -> Format | None:
    if source.path is None:
        return None
    name = source.path.name.lower()
    ends = [(suffix, one) for one in every for suffix in one.suffixes if name.endswith(suffix)]
    return max(ends, key=lambda pair: len(pair[0]))[1] if ends else None
