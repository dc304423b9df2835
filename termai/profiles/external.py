"""A profile in an editor of the user's: a draft that is only taken over when it reads."""

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.files import read_text, write_atomic
from termai.paths import state_dir
from termai.profiles.names import check_name
from termai.profiles.profile import Profile
from termai.profiles.store import save_text, text_of
from termai.tomlfile import LIMIT

_FALLBACKS = ("sensible-editor", "nano", "vim", "vi")


@dataclass(frozen=True, slots=True)
class Draft:
    """A copy of a profile's file that an editor may change.

    text: what it began with. revision: of the profile it was made of.
    """

    name: str
    path: Path
    text: str
    revision: str

    def argv(self) -> tuple[str, ...]:
        """Return the command that opens it; NotFoundError when there is no editor."""
        return (*editor(), str(self.path))


def editor() -> tuple[str, ...]:
    """Return the user's editor with its arguments: VISUAL, EDITOR, or one that is installed.

    Raises UsageError for a variable whose quotes do not close, and NotFoundError.
    """
    for variable in ("VISUAL", "EDITOR"):
        value = os.environ.get(variable, "").strip()
        if value:
            return _words(variable, value)
    found = next((name for name in _FALLBACKS if shutil.which(name)), None)
    if found is None:
        raise NotFoundError("No editor was found.", fix="Set EDITOR to the one you use.")
    return (found,)


def draft(profile: Profile) -> Draft:
    """Write a copy of a profile's file for an editor and return it; StorageError."""
    directory = state_dir() / "drafts"
    path = directory / f"{check_name(profile.name)}.{os.getpid()}.toml"
    text = text_of(profile)
    write_atomic(path, text)
    return Draft(profile.name, path, text, profile.revision)


def take(edited: Draft, *, over: bool = False) -> Profile | None:
    """Save what an editor made of a draft and remove it; None where nothing was changed.

    Raises InvalidFileError with line and what was expected, and ChangedMeanwhileError where the
    profile has changed since (``over`` overrules it); the draft then stays where it is.
    """
    try:
        text = read_text(edited.path, limit=LIMIT)
    except NotFoundError as error:
        raise InvalidFileError(f"The editor removed {edited.path}; nothing was saved.") from error
    profile = None
    if text != edited.text:
        profile = save_text(edited.name, text, revision=edited.revision, over=over)
    drop(edited)
    return profile


def drop(edited: Draft) -> None:
    """Remove a draft that is not wanted."""
    edited.path.unlink(missing_ok=True)


def _words(variable: str, value: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(value))
    except ValueError as error:
        raise UsageError(f"{variable} is {value!r}: a quote is not closed.") from error
    if not shutil.which(words[0]):
        raise NotFoundError(f"{variable} names {words[0]}, which is not on PATH.")
    return words
