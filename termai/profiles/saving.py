"""Profiles written to disk: nothing of anybody's is lost, and every text goes into the history."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.files import decoded, read_text, write_atomic
from termai.profiles import versions
from termai.profiles.loading import read_as
from termai.profiles.names import check_name
from termai.profiles.places import (
    ChangedMeanwhileError,
    NameTakenError,
    alone,
    content_of,
    revision_of,
    shipped_path,
    user_path,
)
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile

Warn = Callable[[TermaiError], None]
"""Told why a file that was written could not be put into the history."""


def save_profile(
    profile: Profile,
    *,
    over: bool = False,
    reason: str = versions.SAVED,
    warn: Warn | None = None,
) -> Path:
    """Write a profile to the user's directory and return its path.

    An existing file keeps its comments and order, a copy of a shipped profile those of the
    shipped file. Nothing is written unless the file is what the profile was read from:
    ChangedMeanwhileError when somebody has changed, made or removed it, NameTakenError for a new
    profile of a name in use, InvalidFileError for one that does not parse. ``over`` writes all
    the same, after what is there is in the history. StorageError when it cannot be written. To
    save once more, load the profile again, which has the new revision.
    """
    path = user_path(profile.name)
    with alone(profile.name):
        before = content_of(path)
        text = _text(profile, path, before, over=over)
        write(path, before, text.encode(), reason, over=over, warn=warn)
    return path


def save_text(
    name: str, text: str, *, revision: str, over: bool = False, warn: Warn | None = None
) -> Profile:
    """Write the whole text of the user's own profile, as an editor left it, and return it.

    revision: of the profile that the editing began with, a shipped one too; empty for a new one.
    Raises InvalidFileError where the text does not read, and otherwise as ``save_profile``;
    nothing is written then.
    """
    name, path = check_name(name), user_path(name)
    _check_size(name, text)
    profile = read_as(name, path, text)
    with alone(name):
        before = content_of(path)
        if not over:
            _check_same(name, path, before, revision)
        write(path, before, text.encode(), versions.SAVED, over=over, warn=warn)
    return profile


def text_to_save(profile: Profile, *, over: bool = False) -> str:
    """Return the text that ``save_profile`` would write now; raises as it does."""
    path = user_path(profile.name)
    return _text(profile, path, content_of(path), over=over)


def write(
    path: Path,
    before: bytes | None,
    after: bytes,
    reason: str,
    *,
    over: bool,
    warn: Warn | None = None,
) -> None:
    """Put ``after`` in place of ``before``, both kept in the history; ``places.alone`` is held.

    over: whether ``before`` must be in the history first, since nobody has seen it. Raises
    ChangedMeanwhileError when an editor, which knows no lock, has written since.
    """
    name = path.name.removesuffix(path.suffix)
    problem: TermaiError | None = None
    try:
        if before is not None:
            versions.note(name, before)
    except TermaiError as error:
        if over:
            raise
        problem = error
    _check_still(name, path, before)
    if before != after:
        write_atomic(path, after)
    try:
        versions.record(name, after, reason)
    except TermaiError as error:
        problem = error
    if problem and warn:
        warn(
            StorageError(
                f"{path} was saved, but not all of it could be put into its history: "
                f"{problem.message.rstrip('.')}.",
                fix="What it said before this save may not be kept: free space for the history.",
            )
        )


def _check_still(name: str, path: Path, before: bytes | None) -> None:
    now = content_of(path)
    if now != before:
        how = "removed" if now is None else "made" if before is None else "changed"
        raise ChangedMeanwhileError(name, path, how)


def _text(profile: Profile, path: Path, before: bytes | None, *, over: bool) -> str:
    """Return the text to write: what is there, or is shipped, with the differences, or new."""
    if not over:
        _check_unchanged(profile, path, before)
    text = _over(profile, path, before) if over else _changed(profile, path, before)
    _verify(profile, path, text)
    return text


def _changed(profile: Profile, path: Path, before: bytes | None) -> str:
    if before is not None:
        return _edited(profile, path, decoded(before, path))
    if profile.shipped and profile.path == shipped_path(profile.name):
        return _edited(profile, profile.path, read_text(profile.path, limit=tomlfile.LIMIT))
    return tomlfile.new_text(keys_of(profile))


def _over(profile: Profile, path: Path, before: bytes | None) -> str:
    """Return the profile's text with the comments of what is there, or else of what it was."""
    for data in (before, _kept(profile)):
        with suppress(InvalidFileError):
            if data is not None:
                return _edited(profile, path, decoded(data, path))
    return _changed(profile, path, None)


def _kept(profile: Profile) -> bytes | None:
    with suppress(TermaiError):
        for version in versions.listed(profile.name):
            if version.revision == profile.revision:
                return versions.content(version)
    return None


def _check_unchanged(profile: Profile, path: Path, before: bytes | None) -> None:
    if before is not None and profile.path is None:
        tomlfile.parse(decoded(before, path), path)
        raise NameTakenError(profile.name, "of your own")
    known = profile.path in (path, shipped_path(profile.name))
    _check_same(profile.name, path, before, profile.revision if known else "")


def _check_same(name: str, path: Path, before: bytes | None, revision: str) -> None:
    if before is None:
        if revision and revision != _shipped_revision(name):
            raise ChangedMeanwhileError(name, path, "removed")
    elif not revision:
        raise NameTakenError(name, "of your own")
    elif revision != revision_of(before):
        made = revision == _shipped_revision(name)
        raise ChangedMeanwhileError(name, path, "made" if made else "changed")


def _shipped_revision(name: str) -> str:
    with suppress(NotFoundError):
        return revision_of(read_text(shipped_path(name), limit=tomlfile.LIMIT).encode())
    return ""


def _edited(profile: Profile, path: Path, text: str) -> str:
    """Return the text of ``path`` with what the profile says differently, comments kept."""
    before = read_profile(profile.name, tomlfile.parse(text, path), shipped=False, revision="")
    old, new = keys_of(before), keys_of(profile)
    changes = {key: new.get(key) for key in old | new if old.get(key) != new.get(key)}
    return tomlfile.updated_text(text, path, changes)


def _verify(profile: Profile, path: Path, text: str) -> None:
    """Check that ``text`` reads back as the profile, so that nothing wrong is ever written."""
    _check_size(profile.name, text)
    try:
        again = read_as(profile.name, path, text)
    except InvalidFileError as error:
        raise UsageError(f"The profile {profile.name} cannot be saved: {error.message}") from error
    if keys_of(again) != keys_of(profile):
        raise UsageError(f"The profile {profile.name} cannot be saved without losing values.")


def _check_size(name: str, text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"The profile {name} cannot be saved: it is not all text.") from error
    if size > tomlfile.LIMIT:
        raise UsageError(
            f"The profile {name} cannot be saved: it has {size} bytes, {tomlfile.LIMIT} at most."
        )
