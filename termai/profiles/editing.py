"""A profile in the user's own editor: a private draft, saved only when it reads."""

import os
import shlex
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.files import decoded, read_text, write_atomic
from termai.paths import state_dir
from termai.profiles.places import content_of, revision_of, user_path
from termai.profiles.profile import Profile
from termai.profiles.saving import Warn, save_text, text_to_save
from termai.text import one_line

_EDITORS = ("nano", "vim", "vi")
_OLD_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Draft:
    """A copy of a profile's text for an editor.

    path: the file to edit, alone in a directory of its own. revision: of the profile that the
    editing began with. before: the text that was written there.
    """

    path: Path
    name: str
    revision: str
    before: str


def editor() -> tuple[str, ...]:
    """Return the command that edits a file, which is to be appended: the user's, or a usual one.

    From VISUAL, then EDITOR, split as a shell does, never run by one. Raises UsageError when
    there is none, or its quotes are not closed, or its program is not there.
    """
    for variable in ("VISUAL", "EDITOR"):
        if os.environ.get(variable, "").strip():
            return _split(variable)
    for name in _EDITORS:
        if shutil.which(name):
            return (name,)
    raise UsageError("There is no editor.", fix="Set EDITOR to one, such as nano.")


def open_draft(profile: Profile | str) -> Draft:
    """Write a profile's text, with its unsaved changes, where an editor can change it.

    By its name, the user's own file is taken as it is, even if it does not read: to mend it.
    Raises what ``save_profile`` raises for a file that was changed meanwhile, NotFoundError when
    there is no file of that name, StorageError.
    """
    name, revision, text = _begun(profile) if isinstance(profile, str) else _with_changes(profile)
    _remove_old()
    path = _directory() / f"{os.getpid()}-{time.monotonic_ns()}" / user_path(name).name
    write_atomic(path, text)
    return Draft(path, name, revision, text)


def finish(draft: Draft, *, over: bool = False, warn: Warn | None = None) -> Profile | None:
    """Save what the editor left and remove the draft; None when it was left as it was.

    Raises InvalidFileError where the text does not read, ChangedMeanwhileError when somebody has
    changed the profile in the meantime (``over`` overrules it), StorageError. The draft stays
    then, to be edited again or thrown away.
    """
    try:
        text = read_text(draft.path, limit=tomlfile.LIMIT)
    except NotFoundError as error:
        raise InvalidFileError(f"The editor left no file in {draft.path}.") from error
    saved = None
    if text != draft.before:
        saved = save_text(draft.name, text, revision=draft.revision, over=over, warn=warn)
    discard(draft)
    return saved


def discard(draft: Draft) -> None:
    """Remove a draft, and what the editor left beside it."""
    shutil.rmtree(draft.path.parent, ignore_errors=True)


def _begun(name: str) -> tuple[str, str, str]:
    path = user_path(name)
    data = content_of(path)
    if data is None:
        raise NotFoundError(f"You have no profile {one_line(name, 60)} of your own.")
    return name, revision_of(data), decoded(data, path)


def _with_changes(profile: Profile) -> tuple[str, str, str]:
    return profile.name, profile.revision, text_to_save(profile)


def _split(variable: str) -> tuple[str, ...]:
    value = os.environ[variable]
    try:
        words = tuple(shlex.split(value))
    except ValueError as error:
        raise UsageError(
            f"{variable} cannot be understood: {one_line(value, 60)}.", fix="Close its quotes."
        ) from error
    if words and shutil.which(os.path.expanduser(words[0])):  # noqa: PTH111
        return (os.path.expanduser(words[0]), *words[1:])  # noqa: PTH111
    raise UsageError(
        f"The editor that {variable} names is not there: {one_line(value, 60)}.",
        fix=f"Install it, or set {variable} to another.",
    )


def _directory() -> Path:
    return state_dir() / "drafts"


def _remove_old() -> None:
    """Remove drafts that killed programs left a month ago."""
    with suppress(OSError):
        for entry in os.scandir(_directory()):
            if entry.stat(follow_symlinks=False).st_mtime < time.time() - _OLD_S:
                shutil.rmtree(entry.path, ignore_errors=True)
