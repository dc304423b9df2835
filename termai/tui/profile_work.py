"""The blocking calls behind Profiles and its editor; they run in threads and touch no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from termai.errors import TermaiError

if TYPE_CHECKING:
    from pathlib import Path

    from termai.engines.drift import Drift
    from termai.errors import InvalidFileError
    from termai.profiles.diff import Difference
    from termai.profiles.editing import Draft
    from termai.profiles.history import Version
    from termai.profiles.profile import Profile
    from termai.profiles.saving import Warn

_NOW_AND_THEN = ("now", "then")


@dataclass(frozen=True, slots=True)
class Broken:
    """A file of a profile that cannot be read; name: of the profile, empty when not known."""

    name: str
    error: InvalidFileError


@dataclass(frozen=True, slots=True)
class Listed:
    """The profiles: the user's own, those that come with termai, and files that do not read."""

    own: tuple[Profile, ...]
    shipped: tuple[Profile, ...]
    broken: tuple[Broken, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """A removed profile: the version that brings it back, and whether termai's shows now."""

    version: Version
    shipped: bool


@dataclass(frozen=True, slots=True)
class Past:
    """The versions of a profile, newest first.

    now: number of the one that it is, else empty. changes: by a version's number, what it changed
    against the one before, in a few words; none where that is nothing or one does not read.
    """

    versions: tuple[Version, ...]
    now: str
    changes: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs between two profiles, and their texts line by line; names: what they are."""

    names: tuple[str, str]
    differences: tuple[Difference, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What an engine does not know of a profile; updated: the profile put right, None if it cannot
    be; engine: its name and version.
    """

    engine: str
    drifts: tuple[Drift, ...]
    updated: Profile | None


def listing() -> Listed:
    """List the profiles and those that cannot be read."""
    from termai.profiles.store import list_profiles

    found = list_profiles()
    return Listed(
        tuple(profile for profile in found.profiles if not profile.shipped),
        tuple(profile for profile in found.profiles if profile.shipped),
        tuple(Broken(_named(error), error) for error in found.problems),
    )


def _named(error: InvalidFileError) -> str:
    """Return the profile whose file a problem is about, empty for the directory's."""
    from termai.paths import profiles_dir

    text = error.message.removeprefix(f"{profiles_dir()}/")
    name, suffix, _ = text.partition(".toml")
    return name if suffix and text != error.message else ""


def load(name: str) -> Profile:
    """Read a profile by its name."""
    from termai.profiles.store import load_profile

    return load_profile(name)


def free_name(base: str) -> str:
    """Return a name like ``base`` that no profile has."""
    from termai.servers.naming import free_name, name_for

    return free_name(name_for(base))


def save(profile: Profile, *, over: bool = False, warn: Warn | None = None) -> Profile:
    """Save a profile and return it as it is on disk; ``over`` overrules what others wrote.

    warn: told why the history lacks what was saved.
    """
    from termai.profiles.store import load_profile, save_profile

    save_profile(profile, over=over, warn=warn)
    return load_profile(profile.name)


def rename(old: str, new: str) -> str:
    """Give a profile another name, with its history; return the name."""
    from termai.profiles.store import rename_profile

    return rename_profile(old, new).name


def duplicate(name: str, new: str) -> str:
    """Copy a profile with its comments; return the name of the copy."""
    from termai.profiles.store import duplicate_profile

    return duplicate_profile(name, new).name


def remove(name: str) -> Gone:
    """Remove a profile of the user's own."""
    from termai.profiles.store import delete_profile

    return Gone(delete_profile(name), has_shipped(name))


def restore(version: Version) -> Profile:
    """Write a version from the history as the profile's newest one."""
    from termai.profiles import history

    return history.restore(version)


def past(name: str) -> Past:
    """Return what was saved of a profile; an edit by hand and runs until now are taken in first."""
    from termai.profiles import history
    from termai.servers import ran_well

    ran_well.collect(name)
    history.note_external(name)
    versions = history.versions(name)
    try:
        revision = load(name).revision
    except TermaiError:  # gone or broken: each of its versions is another one
        revision = ""
    now = next((str(v.number) for v in versions if v.revision == revision), "")
    return Past(versions, now, _changes(versions))


def _changes(versions: Sequence[Version]) -> dict[int, str]:
    from termai.profiles.diff import differences
    from termai.tui import diff_rows

    told: dict[int, str] = {}
    newer: tuple[Version, Profile | None] | None = None
    for version in versions:
        profile = _as_it_was(version)
        if newer and newer[1] and profile:
            told[newer[0].number] = diff_rows.in_words(differences(profile, newer[1]))
        newer = version, profile
    return {number: words for number, words in told.items() if words}


def _as_it_was(version: Version) -> Profile | None:
    from termai.profiles import history

    try:
        return history.profile(version)
    except TermaiError:
        return None


def note(name: str) -> None:
    """Put what somebody wrote into a profile's file by hand into its history."""
    from termai.profiles import history

    history.note_external(name)


def text_of(profile: Profile) -> str:
    """Return the text of a profile's file."""
    from termai.profiles.store import text_of

    return text_of(profile)


def compared(before: Profile, after: Profile, names: tuple[str, str] = ("", "")) -> Compared:
    """Return what differs between two profiles; names: what to call them, their own if empty."""
    from termai.profiles.diff import differences, text_diff

    called = (names[0] or before.name, names[1] or after.name)
    text = text_diff(text_of(before), text_of(after), *called)
    return Compared(called, differences(before, after), text)


def compared_with(profile: Profile, other: str) -> Compared:
    """Compare a profile with another one by its name."""
    return compared(load(other), profile)


def compared_with_shipped(profile: Profile) -> Compared:
    """Compare a profile with termai's of the same name."""
    from termai.errors import NotFoundError
    from termai.profiles.store import shipped_profile

    shipped = shipped_profile(profile.name)
    if shipped is None:
        raise NotFoundError(f"termai comes with no profile {profile.name}.")
    return compared(shipped, profile, ("termai's", "yours"))


def compared_with_version(version: Version) -> Compared | None:
    """Compare the profile as it is now with a version from the history.

    None where one of the two cannot be read.
    """
    from termai.profiles import history
    from termai.profiles.diff import differences, text_diff

    try:
        now, then = load(version.name), history.profile(version)
        text = text_diff(text_of(now), history.text(version), *_NOW_AND_THEN)
    except TermaiError:
        return None
    return Compared(_NOW_AND_THEN, differences(now, then), text)


def has_shipped(name: str) -> bool:
    """Tell whether termai comes with a profile of this name."""
    from termai.profiles.store import shipped_profile

    return shipped_profile(name) is not None


def command(profile: Profile) -> tuple[str, ...]:
    """Return the command line that a start of the profile runs."""
    from termai.servers.preview import command_line

    return command_line(profile)


def draft(profile: Profile | str) -> Draft:
    """Write a copy of a profile's file, with unsaved changes, for an editor of the user's.

    By its name also that of one that does not read.
    """
    from termai.profiles import editing

    return editing.open_draft(profile)


def editor() -> tuple[str, ...]:
    """Return the command of the user's editor."""
    from termai.profiles import editing

    return editing.editor()


def take(edited: Draft, *, over: bool = False, warn: Warn | None = None) -> Profile | None:
    """Save what an editor made of a draft; None where nothing was changed."""
    from termai.profiles import editing

    return editing.finish(edited, over=over, warn=warn)


def drop(edited: Draft) -> None:
    """Throw a draft away."""
    from termai.profiles import editing

    editing.discard(edited)


def ours_and_theirs(profile: Profile, path: Path) -> tuple[str, str]:
    """Return the text that a save would write, and the one somebody else has written.

    The latter is empty where the file is gone.
    """
    from termai.profiles.store import text_to_save

    return text_to_save(profile, over=True), _text_now(path)


def draft_and_theirs(edited: Draft, path: Path) -> tuple[str, str]:
    """Return the text of a draft, and the one somebody else has written meanwhile."""
    from termai.files import read_text
    from termai.tomlfile import LIMIT

    return read_text(edited.path, limit=LIMIT), _text_now(path)


def _text_now(path: Path) -> str:
    from contextlib import suppress

    from termai.errors import NotFoundError
    from termai.files import read_text
    from termai.tomlfile import LIMIT

    with suppress(NotFoundError):
        return read_text(path, limit=LIMIT)
    return ""


def diff_of_texts(before: str, after: str, names: tuple[str, str]) -> str:
    """Return what differs between two texts of a profile, line by line, secrets masked."""
    from termai.profiles.diff import text_diff

    return text_diff(before, after, *names)


def checked(profile: Profile) -> Checked:
    """Check a profile against the help text of the engine that would run it."""
    from termai.engines import drift
    from termai.engines.choose import choose

    _, detection = choose(profile.engine)
    found = drift.check(profile, detection)
    version = f" {detection.version}" if detection.version else ""
    updated = drift.updated(profile, found) if any(one.updates for one in found) else None
    return Checked(f"{detection.engine}{version}", found, updated)
