"""What each profile said before: its versions, restored at will, and which of them ran well."""

import os
from contextlib import suppress

from termai.errors import InvalidFileError, TermaiError
from termai.files import decoded
from termai.profiles import versions as kept
from termai.profiles.loading import read_as
from termai.profiles.places import alone, content_of, revision_of, user_path
from termai.profiles.profile import Profile
from termai.profiles.saving import Warn, write
from termai.profiles.versions import Version

__all__ = [
    "Version",
    "before",
    "current",
    "mark_ran_well",
    "note_external",
    "profile",
    "removed",
    "restore",
    "text",
    "versions",
]

_SHORT_WAIT_S = 2.0


def versions(name: str) -> tuple[Version, ...]:
    """Return the versions of a profile, newest first, none where nothing is known of it.

    Raises UsageError for what cannot be a name and StorageError when they cannot be listed.
    """
    return kept.listed(name)


def text(version: Version) -> str:
    """Return the text that the file had; NotFoundError or InvalidFileError where it is not whole.

    It may hold secrets: show it through ``kept.masked_text``.
    """
    return decoded(kept.content(version), user_path(version.name))


def profile(version: Version) -> Profile:
    """Return the profile that a version was; raises as ``text``, and InvalidFileError.

    Its revision is the version's, so that a save notices that the file says something else.
    """
    return read_as(version.name, user_path(version.name), text(version))


def restore(version: Version, *, warn: Warn | None = None) -> Profile:
    """Write a version over the profile's file, or bring it back, and return the profile.

    What the file says now is in the history before it is written over. A version that does not
    read is refused with InvalidFileError, but for one that was removed as it was: that is
    brought back, and the same error says what is wrong with it. Raises StorageError.
    """
    path = user_path(version.name)
    data = kept.content(version)
    with alone(version.name):
        before = content_of(path)
        problem: InvalidFileError | None = None
        try:
            restored = read_as(version.name, path, decoded(data, path))
        except InvalidFileError as error:
            if before is not None or version.reason != kept.REMOVED:
                raise
            problem = error
        write(path, before, data, kept.RESTORED, over=True, warn=warn)
    if problem:
        raise problem
    return restored


def current(name: str) -> Version | None:
    """Return the newest version that says what the file says now, also one that does not read.

    None where there is no file of the user's own, or it is in no version.
    """
    data = content_of(user_path(name))
    revision = revision_of(data) if data is not None else ""
    return next((one for one in kept.listed(name) if one.revision == revision), None)


def before(name: str) -> Version | None:
    """Return the version to go back to, None where there is none that reads.

    Of a removed profile it is the newest as it is. After a restore it is the one before the
    version that was restored, so that going back again and again goes further back.
    """
    listed = kept.listed(name)
    if listed and not os.path.lexists(user_path(name)):
        return listed[0]
    now = current(name)
    if now is None:
        return next((one for one in listed if _reads(one)), None)
    same = [place for place, one in enumerate(listed) if one.revision == now.revision]
    saved = [place for place in same if listed[place].reason != kept.RESTORED]
    older = listed[(saved or same)[0] + 1 :]
    return next((one for one in older if one.revision != now.revision and _reads(one)), None)


def _reads(version: Version) -> bool:
    try:
        profile(version)
    except TermaiError:
        return False
    return True


def removed() -> tuple[Version, ...]:
    """Return the newest version of each profile that has no file any more, newest first."""
    gone = [name for name in kept.names() if not os.path.lexists(user_path(name))]
    last = [version for name in gone if (version := kept.newest(name))]
    return tuple(sorted(last, key=lambda version: version.number, reverse=True))


def mark_ran_well(name: str, revision: str, at: float) -> None:
    """Note that a server started from this revision ran well at ``at``, seconds since the epoch.

    A revision that the history lacks, such as a shipped profile's, is passed over, and a history
    that cannot be written stops nobody.
    """
    with suppress(TermaiError), alone(name, timeout_s=_SHORT_WAIT_S):
        _note(name)
        kept.mark(name, revision, at)


def note_external(name: str) -> None:
    """Put what somebody wrote into a profile's file by hand into the history, if it lacks it.

    Called when a profile is opened; nothing that goes wrong here stops that.
    """
    with suppress(TermaiError), alone(name, timeout_s=_SHORT_WAIT_S):
        _note(name)


def _note(name: str) -> None:
    data = content_of(user_path(name))
    if data is not None:
        kept.note(name, data)
