"""Reading other programs' files for an import, and completing their paths; calls that block."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from termai.errors import TermaiError

if TYPE_CHECKING:
    from termai.profiles.foreign.base import Imported, Source
    from termai.profiles.profile import Profile

_PATH_BEGINS = ("/", "~", "./", "../")
_ENTRIES = 4000  # of a directory that are looked at for a completion


class Completed(NamedTuple):
    """A path completed as far as it is sure, and the names that it may go on with."""

    text: str
    names: tuple[str, ...] = ()


def read(text: str) -> tuple[Imported, ...]:
    """Return the profiles in the file that ``text`` names, or in ``text`` itself.

    Nothing is written. Raises InvalidFileError and NotFoundError.
    """
    from termai.engines import exchange

    return exchange.read(_source(text))


def _source(text: str) -> Path | Source:
    """Return the file that a text names, as typed or as a shell or a drag into it spells it."""
    from termai.profiles.foreign.base import Source

    line = text.strip()
    spelled = [line, *_word(line)] if "\n" not in line else []
    for name in spelled:
        if os.path.isfile(_expanded(name)):  # noqa: PTH113  which raises for names too long
            return _expanded(name)
    one_word = len(line.split()) == 1
    if one_word and line.startswith(_PATH_BEGINS):
        return _expanded(line)
    return Source(text)


def _word(line: str) -> Iterator[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        return
    if len(words) == 1:
        yield words[0]


def _expanded(name: str) -> Path:
    from termai.paths import expanded

    return expanded(name)


def complete(text: str) -> Completed:
    """Complete a path that is being typed, as a shell does; anything else stays as it is."""
    if "\n" in text or (text and not text.startswith(_PATH_BEGINS) and " " in text):
        return Completed(text)
    head, slash, begun = text.rpartition("/")
    directory = _expanded(f"{head}{slash}" or ".")
    names = sorted(name for name in _entries(directory) if name.startswith(begun))
    if not begun:
        names = [name for name in names if not name.startswith(".")]
    if not names:
        return Completed("~/" if text == "~" else text)
    sure = _common(names)
    return Completed(f"{head}{slash}{sure}", tuple(names) if len(names) > 1 else ())


def _common(names: Sequence[str]) -> str:
    """Return the letters that all names begin with."""
    first, last = min(names), max(names)
    same = (n for n, letter in enumerate(first) if letter != last[n : n + 1])
    return first[: next(same, len(first))]


def _entries(directory: Path) -> Iterator[str]:
    """Yield the names in a directory, those of directories with a slash behind."""
    try:
        with os.scandir(directory) as entries:
            for number, entry in enumerate(entries):
                if number == _ENTRIES:
                    return
                yield f"{entry.name}/" if entry.is_dir() else entry.name
    except OSError:
        return


def check_name(name: str, taken: Sequence[str]) -> str:
    """Return a name that an imported profile can have; ``taken``: by others of the same import.

    Raises UsageError where it cannot.
    """
    from termai.errors import UsageError
    from termai.profiles.names import check_name
    from termai.profiles.store import check_free

    check_free(check_name(name))
    if name in taken:
        raise UsageError(
            f"Another profile of this import is called {name}.", fix="Take another name."
        )
    return name


class Saved(NamedTuple):
    """The profiles that were saved, and a sentence for each that was not.

    missing: why the first would not start as it is, empty where nothing is known of that.
    """

    profiles: tuple[Profile, ...]
    problems: tuple[str, ...]
    missing: str = ""


def save(chosen: Sequence[tuple[Imported, str]]) -> Saved:
    """Save imported profiles under the names given with them; one that fails stops no other."""
    from termai.engines import exchange

    saved, problems = [], []
    for imported, name in chosen:
        try:
            saved.append(exchange.save(imported, name))
        except TermaiError as error:
            problems.append(str(error))
    return Saved(tuple(saved), tuple(problems), _missing(saved[0]) if saved else "")


def _missing(profile: Profile) -> str:
    """Return why a start of a profile would be refused, in one sentence."""
    from termai.servers.preview import command_line

    try:
        command_line(profile)
    except TermaiError as error:
        return error.message
    return ""


def formats() -> tuple[str, ...]:
    """Return the titles of what can be imported."""
    from termai.engines import exchange

    return tuple(found.title for found in exchange.IMPORTS)


def on_this_machine() -> tuple[Path, ...]:
    """Return files on this machine that can be imported, newest first."""
    from termai.engines.importable import importable

    return importable()
