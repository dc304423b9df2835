"""Profiles on disk: the user's own, which shadow those that come with termai."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.files import read_text, write_atomic
from termai.locks import lock
from termai.paths import profiles_dir, shipped_dir
from termai.profiles.names import check_name
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of, read_profile
from termai.profiles.schema import nearest
from termai.text import one_line

_SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class Listing:
    """The profiles that can be read, by name, and one problem for each file that cannot."""

    profiles: tuple[Profile, ...]
    problems: tuple[InvalidFileError, ...] = ()


def list_profiles() -> Listing:
    """Return every profile, the user's own in place of a shipped one of the same name."""
    profiles = []
    problems = [*_closed_directory()]
    for name in sorted(_names(), key=str.casefold):
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
    for path in (user_path(name), _shipped_path(name)):
        with suppress(NotFoundError):
            return _load(name, path)
    known = _names()
    raise NotFoundError(
        f"There is no profile called {one_line(name, 60)}.{nearest(name, known)}",
        fix=f"The profiles are: {', '.join(sorted(known))}.",
    )


def save_profile(profile: Profile) -> Path:
    """Write a profile to the user's directory and return its path.

    An existing file keeps its comments and order. Nothing is written unless the file is what
    the profile was read from: InvalidFileError or UsageError when somebody has changed, made
    or removed it meanwhile, StorageError when it cannot be written. To save once more, load
    the profile again, which has the new revision.
    """
    path = user_path(profile.name)
    with _alone(profile.name):
        text = _text(profile, path)
        _verify(profile, path, text)
        write_atomic(path, text)
    return path


def delete_profile(name: str) -> None:
    """Remove a profile of the user's own; a shipped one of that name shows again.

    Raises NotFoundError when the user has none of that name, StorageError.
    """
    path = user_path(name)
    try:
        path.unlink()
    except FileNotFoundError as error:
        fix = "It comes with termai and stays." if _shipped_path(name).exists() else ""
        raise NotFoundError(f"You have no profile {name} of your own.", fix=fix) from error
    except OSError as error:
        raise StorageError(f"{path} could not be removed: {error.strerror}.") from error


def user_path(name: str) -> Path:
    """Return where the user's own profile ``name`` is or would be; UsageError for a bad name."""
    return profiles_dir() / f"{check_name(name)}{_SUFFIX}"


def _shipped_path(name: str) -> Path:
    return shipped_dir("profiles") / f"{check_name(name)}{_SUFFIX}"


def _names() -> set[str]:
    files = [*_files(profiles_dir()), *_files(shipped_dir("profiles"))]
    return {name.removesuffix(_SUFFIX) for name in files}


def _files(directory: Path) -> list[str]:
    """Return the names of the profiles' files in a directory, none where it cannot be listed."""
    try:
        names = os.listdir(directory)  # noqa: PTH208
    except OSError:
        return []
    return [name for name in names if name.endswith(_SUFFIX) and not name.startswith(".")]


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


def _load(name: str, path: Path) -> Profile:
    text = read_text(path, limit=tomlfile.LIMIT)
    shipped = path.parent == shipped_dir("profiles")
    document = tomlfile.parse(text, path)
    return read_profile(name, document, shipped=shipped, revision=_revision(text))


def _revision(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _as_problem(name: str, error: TermaiError) -> InvalidFileError:
    if isinstance(error, InvalidFileError):
        return error
    where = profiles_dir() / f"{one_line(name, 60)}{_SUFFIX}"
    return InvalidFileError(f"{where}: {error.message}", fix=error.fix)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Keep other termai programs from saving the same profile at the same time."""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock(f"profile-{name}"))
        except OSError as error:
            raise StorageError(f"The profile {name} could not be locked: {error}.") from error
        yield


def _text(profile: Profile, path: Path) -> str:
    """Return the text to write: what is there, or is shipped, with the differences, or new."""
    if os.path.lexists(path):
        text = read_text(path, limit=tomlfile.LIMIT)
        _check_unchanged(profile, path, text)
        return _edited(profile, path, text)
    if profile.path == path:
        raise UsageError(
            f"{path} was removed meanwhile; nothing was written.",
            fix="Save the profile under another name.",
        )
    if profile.shipped and profile.path == _shipped_path(profile.name):
        return _edited(profile, profile.path, read_text(profile.path, limit=tomlfile.LIMIT))
    return tomlfile.new_text(keys_of(profile))


def _check_unchanged(profile: Profile, path: Path, text: str) -> None:
    tomlfile.parse(text, path)
    if profile.path != path:
        raise UsageError(
            f"There is already a profile {profile.name} of your own.", fix="Take another name."
        )
    if profile.revision != _revision(text):
        raise UsageError(
            f"{path} was changed meanwhile; nothing was written.",
            fix="Load the profile again and repeat the change.",
        )


def _edited(profile: Profile, path: Path, text: str) -> str:
    """Return the text of ``path`` with what the profile says differently, comments kept."""
    before = read_profile(profile.name, tomlfile.parse(text, path), shipped=False, revision="")
    old, new = keys_of(before), keys_of(profile)
    changes = {key: new.get(key) for key in old | new if old.get(key) != new.get(key)}
    return tomlfile.updated_text(text, path, changes)


def _verify(profile: Profile, path: Path, text: str) -> None:
    """Check that ``text`` reads back as the profile, so that nothing wrong is ever written."""
    try:
        again = read_profile(
            profile.name, tomlfile.parse(text, path), shipped=False, revision=profile.revision
        )
    except InvalidFileError as error:
        raise UsageError(f"The profile {profile.name} cannot be saved: {error.message}") from error
    if keys_of(again) != keys_of(profile):
        raise UsageError(f"The profile {profile.name} cannot be saved without losing values.")
