"""Profiles read from disk: the user's own, which shadow those that come with termai."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, TermaiError
from termai.files import read_text
from termai.paths import profiles_dir, shipped_dir
from termai.profiles.names import check_name, composed
from termai.profiles.places import (
    SUFFIX,
    all_names,
    hidden_paths,
    revision_of,
    shipped_path,
    user_path,
)
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile
from termai.profiles.schema import nearest
from termai.text import one_line


@dataclass(frozen=True, slots=True)
class Listing:
    """The profiles that can be read, by name, and one problem for each file that cannot."""

    profiles: tuple[Profile, ...]
    problems: tuple[InvalidFileError, ...] = ()


def list_profiles() -> Listing:
    """Return every profile, the user's own in place of a shipped one of the same name."""
    profiles = []
    problems = [*_closed_directory(), *_hidden()]
    for name in sorted(all_names(), key=str.casefold):
        try:
            profiles.append(load_profile(name))
        except TermaiError as error:
            problems.append(_as_problem(name, error))
    return Listing(tuple(profiles), tuple(problems))


def load_profile(name: str) -> Profile:
    """Read a profile by name, the user's own before the shipped one.

    Raises UsageError for what cannot be a name, NotFoundError with the nearest names, and
    InvalidFileError with file, line, key and what was expected.
    """
    name = check_name(name)
    own = user_path(name)
    for path in (shipped_path(name),) if _closed(own.parent) else (own, shipped_path(name)):
        with suppress(NotFoundError):
            return read_as(name, path, read_text(path, limit=tomlfile.LIMIT))
    if own.is_symlink():
        raise InvalidFileError(
            f"{own} leads to {own.readlink()}, which is not there.", fix="Mend or remove the link."
        )
    known = all_names()
    raise NotFoundError(
        f"There is no profile called {one_line(name, 60)}.{nearest(name, known)}",
        fix=f"The profiles are: {', '.join(sorted(known))}.",
    )


def shipped_profile(name: str) -> Profile | None:
    """Return the profile of that name that comes with termai, whatever the user's own says."""
    path = shipped_path(name)
    with suppress(NotFoundError):
        return read_as(name, path, read_text(path, limit=tomlfile.LIMIT))
    return None


def read_as(name: str, path: Path, text: str) -> Profile:
    """Return the profile that ``text`` is as the content of ``path``; InvalidFileError."""
    return read_profile(
        name,
        tomlfile.parse(text, path),
        shipped=path.parent == shipped_dir("profiles"),
        revision=revision_of(text.encode()),
    )


def text_of(profile: Profile) -> str:
    """Return the text that is in the profile's file now, for one not saved yet what it will be.

    Raises NotFoundError when the file is gone, InvalidFileError when it cannot be read.
    """
    if profile.path is None:
        return tomlfile.new_text(keys_of(profile))
    return read_text(profile.path, limit=tomlfile.LIMIT)


def _closed(directory: Path) -> bool:
    """Return whether a directory may not be looked into, or one above it that hides it."""
    try:
        there = stat.S_ISDIR(os.stat(directory).st_mode)  # noqa: PTH116  as in the other rooms
    except PermissionError:
        return True
    except OSError:
        return False
    return there and not os.access(directory, os.X_OK)


def _closed_directory() -> Iterator[InvalidFileError]:
    """Yield the problem of a user's directory that is there and cannot be listed."""
    try:
        os.scandir(profiles_dir()).close()
    except FileNotFoundError:
        return
    except OSError as error:
        yield InvalidFileError(
            f"{profiles_dir()} cannot be read: {error.strerror}.",
            fix="Mend its permissions to see your own profiles.",
        )


def _hidden() -> Iterator[InvalidFileError]:
    for path in hidden_paths():
        name = one_line(composed(path.stem), 60)
        yield InvalidFileError(
            f"The name of {path} is another spelling of {name}, whose file is used.",
            fix="Rename one of the two files.",
        )


def _as_problem(name: str, error: TermaiError) -> InvalidFileError:
    if isinstance(error, InvalidFileError):
        return error
    where = profiles_dir() / f"{one_line(name, 60)}{SUFFIX}"
    return InvalidFileError(f"{where}: {error.message}", fix=error.fix)
