"""Where profiles lie, which content a file has, and one program at a time per profile."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from termai import tomlfile
from termai.errors import NotFoundError, StorageError, UsageError
from termai.files import read_bytes
from termai.locks import lock
from termai.paths import profiles_dir, shipped_dir
from termai.profiles.names import check_name, composed

SUFFIX = ".toml"
_BOM = b"\xef\xbb\xbf"


class NameTakenError(UsageError):
    """A new profile would get the name of another, the user's own or a shipped one."""

    def __init__(self, name: str, whose: str) -> None:
        super().__init__(f"There is already a profile {name} {whose}.", fix="Take another name.")
        self.name = name


class ChangedMeanwhileError(UsageError):
    """The file of a profile is not what the profile was read from; nothing was written.

    how: ``changed``, ``made`` (by somebody, beside a shipped one) or ``removed``.
    """

    def __init__(self, name: str, path: Path, how: str) -> None:
        super().__init__(
            f"{path} was {how} meanwhile; nothing was written.",
            fix="Save the profile under another name."
            if how == "removed"
            else "Load the profile again and repeat the change.",
        )
        self.name = name
        self.path = path
        self.how = how


def user_path(name: str) -> Path:
    """Return where the user's own profile ``name`` is or would be; UsageError for a bad name."""
    return as_spelt(profiles_dir() / f"{check_name(name)}{SUFFIX}")


def as_spelt(path: Path) -> Path:
    """Return a path whose name is composed, or the one there that is the same otherwise spelt."""
    if path.name.isascii() or os.path.lexists(path):
        return path
    with suppress(OSError):
        for entry in sorted(os.listdir(path.parent)):  # noqa: PTH208
            if composed(entry) == path.name:
                return path.with_name(entry)
    return path


def shipped_path(name: str) -> Path:
    """Return where a profile ``name`` that comes with termai is or would be; UsageError."""
    return shipped_dir("profiles") / f"{check_name(name)}{SUFFIX}"


def all_names() -> set[str]:
    """Return the names of every profile's file, the user's own and the shipped ones."""
    files = [*_files(profiles_dir()), *_files(shipped_dir("profiles"))]
    return {composed(name.removesuffix(SUFFIX)) for name in files}


def hidden_paths() -> list[Path]:
    """Return the user's files that another, whose name is the same otherwise spelt, hides."""
    files = [profiles_dir() / name for name in _files(profiles_dir()) if not name.isascii()]
    return [path for path in files if as_spelt(path.with_name(composed(path.name))) != path]


def revision_of(content: bytes) -> str:
    """Return what tells one content of a file from another; a byte order mark is no content."""
    return hashlib.sha256(content.removeprefix(_BOM)).hexdigest()[:16]


def content_of(path: Path) -> bytes | None:
    """Return what a profile's file holds, None where there is none; raises InvalidFileError."""
    try:
        return read_bytes(path, limit=tomlfile.LIMIT)
    except NotFoundError:
        return None


def check_free(name: str) -> None:
    """Raise NameTakenError when a profile has the name, shipped ones and broken ones too."""
    if os.path.lexists(user_path(name)):
        raise NameTakenError(name, "of your own")
    if shipped_path(name).exists():
        raise NameTakenError(name, "that comes with termai")


@contextmanager
def alone(*names: str, timeout_s: float = 60.0) -> Iterator[None]:
    """Keep other termai programs from changing the same profiles and their histories.

    Not to be held twice by one thread. Raises UsageError after ``timeout_s`` and StorageError.
    """
    with ExitStack() as stack:
        for name in sorted(set(map(composed, names))):
            try:
                stack.enter_context(lock(f"profile-{name}", timeout_s=timeout_s))
            except OSError as error:
                raise StorageError(f"The profile {name} could not be locked: {error}.") from error
        yield


def _files(directory: Path) -> list[str]:
    """Return the names of the profiles' files in a directory, none where it cannot be listed."""
    try:
        names = os.listdir(directory)  # noqa: PTH208
    except OSError:
        return []
    return [name for name in names if name.endswith(SUFFIX) and not name.startswith(".")]
