"""The kept versions of each profile: one whole file per version, so that a kill loses none.

``profile-history/NAME/`` in the data directory holds ``STAMP-REASON-REVISION.toml``, the very
bytes of the profile's file, and ``ran-REVISION``, when a server of that revision last ran well.
STAMP is in nanoseconds since the epoch and grows with every version. Whoever changes something
here holds ``places.alone(name)``.
"""

import math
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.files import read_bytes, read_text, write_atomic
from termai.paths import data_dir, private_dir
from termai.profiles.names import check_name, composed
from termai.profiles.places import as_spelt, revision_of

SAVED = "saved"
EDITED = "edited by hand"
REMOVED = "removed"
RESTORED = "restored"
RENAMED = "renamed"
IMPORTED = "imported"

NEWEST = 100
"""So many versions of a profile are kept, and ``RAN_WELL`` older ones that ran well last."""
RAN_WELL = 10
BYTES = 16 << 20
"""The most that the versions of one profile take; the newest is kept however large it is."""

_VERSION = re.compile(r"(0[0-8]\d{18})-([a-z-]{1,40})-([0-9a-f]{16})\.toml")
_RAN = re.compile(r"ran-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Version:
    """One content that a profile's file had.

    revision: of the content, the same for two versions that are equal. saved_at: seconds since
    the epoch. reason: how it came about. ran_well_at: when a server with exactly this content
    last ran well, None if that is not known. number: tells versions apart, higher is newer.
    """

    name: str
    revision: str
    saved_at: float
    reason: str
    ran_well_at: float | None = None
    number: int = 0


def listed(name: str) -> tuple[Version, ...]:
    """Return the versions of a profile, newest first; StorageError if they cannot be listed.

    A file that is none of ours is passed over, a broken note of a run too.
    """
    directory = _directory(name)
    entries = sorted(_entries(directory), reverse=True)
    ran = {
        match[1]: when
        for entry in entries
        if (match := _RAN.fullmatch(entry)) and (when := _when(directory / entry)) is not None
    }
    found = (match for entry in entries if (match := _VERSION.fullmatch(entry)))
    return tuple(_version(name, match, ran) for match in found)


def newest(name: str) -> Version | None:
    """Return the newest version of a profile, None if there is none."""
    return next(iter(listed(name)), None)


def content(version: Version) -> bytes:
    """Return the very bytes of a version.

    Raises NotFoundError when it is not kept any more and InvalidFileError when its file is
    damaged.
    """
    path = path_of(version)
    try:
        data = read_bytes(path, limit=tomlfile.LIMIT)
    except NotFoundError as error:
        raise NotFoundError(f"That version of {version.name} is not kept any more.") from error
    if revision_of(data) != version.revision:
        raise InvalidFileError(f"{path} is damaged: it is not what was kept.")
    return data


def record(name: str, data: bytes, reason: str) -> Version:
    """Keep a content as the newest version; the newest of the same content is enough.

    Raises StorageError; nothing is lost then.
    """
    before = listed(name)
    last = before[0] if before else None
    known = last and last.reason != REMOVED and reason not in (REMOVED, RENAMED)
    if last and known and _holds(last, data):
        return last
    revision = revision_of(data)
    ran = next((version.ran_well_at for version in before if version.revision == revision), None)
    number = max(time.time_ns(), last.number + 1 if last else 0)
    version = Version(name, revision, number / 1e9, reason, ran, number)
    write_atomic(path_of(version), data)
    with suppress(TermaiError):
        _prune(name)
    return version


def note(name: str, data: bytes) -> None:
    """Keep what a file holds unless it is the newest version: somebody edited it by hand."""
    record(name, data, EDITED)


def path_of(version: Version) -> Path:
    """Return the file that holds a version."""
    return _directory(version.name) / _file_name(version)


def mark(name: str, revision: str, at: float) -> None:
    """Note that a server of a kept revision ran well; a time before the known one changes nothing.

    Raises StorageError.
    """
    known = [version for version in listed(name) if version.revision == revision]
    if known and math.isfinite(at) and at > (known[0].ran_well_at or 0.0):
        write_atomic(_directory(name) / f"ran-{revision}", f"{at!r}\n")


def names() -> tuple[str, ...]:
    """Return every name of which there may be versions, sorted."""
    return tuple(sorted({composed(entry) for entry in _entries(_top()) if _is_name(entry)}))


def copied(old: str, new: str) -> tuple[Path, ...]:
    """Give ``new`` the versions of ``old`` beside its own; return the files that came to be.

    Raises StorageError; then none came to be.
    """
    source, target = _directory(old), _directory(new)
    made: list[Path] = []
    try:
        with _storage(target):
            private_dir(target)
            for entry in _ours(source):
                if not os.path.lexists(target / entry):
                    _copy(source / entry, target / entry)
                    made.append(target / entry)
    except BaseException:
        drop(made)
        raise
    return tuple(made)


def files(name: str) -> tuple[Path, ...]:
    """Return the files that hold the versions of a profile and what is known of them."""
    directory = _directory(name)
    return tuple(directory / entry for entry in _ours(directory))


def drop(paths: Iterable[Path]) -> None:
    """Remove files of the history, and their directories when nothing is left in them."""
    parents = set()
    for path in paths:
        with suppress(OSError):
            path.unlink()
        parents.add(path.parent)
    for parent in parents:
        with suppress(OSError):
            parent.rmdir()


def _prune(name: str) -> None:
    """Remove what is beyond the bounds, and what killed programs left half written."""
    directory = _directory(name)
    versions = listed(name)
    kept = set(_kept(versions, _sizes(directory)))
    marks = {f"ran-{version.revision}" for version in kept}
    gone = [path_of(version) for version in versions if version not in kept]
    drop([*gone, *(directory / entry for entry in _entries(directory) if _is_dead(entry, marks))])


def _is_dead(entry: str, marks: Collection[str]) -> bool:
    return entry.endswith(".tmp") or bool(_RAN.fullmatch(entry) and entry not in marks)


def _kept(versions: tuple[Version, ...], sizes: Mapping[str, int]) -> Iterator[Version]:
    """Yield the newest version, those that ran well last and the newest others that have room."""
    ran = [version for version in versions if version.ran_well_at is not None]
    ran.sort(key=lambda version: version.ran_well_at or 0.0, reverse=True)
    total = 0
    for version in dict.fromkeys((*versions[:1], *ran[:RAN_WELL], *versions[:NEWEST])):
        total += sizes.get(_file_name(version), 0)
        if total <= BYTES or version is versions[0]:
            yield version


def _sizes(directory: Path) -> dict[str, int]:
    with _storage(directory), os.scandir(directory) as entries:
        return {entry.name: entry.stat(follow_symlinks=False).st_size for entry in entries}


def _top() -> Path:
    return data_dir() / "profile-history"


def _directory(name: str) -> Path:
    return as_spelt(_top() / check_name(name))


def _file_name(version: Version) -> str:
    reason = version.reason.replace(" ", "-")
    return f"{version.number:020d}-{reason}-{version.revision}.toml"


def _version(name: str, match: re.Match[str], ran: Mapping[str, float]) -> Version:
    number, reason, revision = int(match[1]), match[2].replace("-", " "), match[3]
    return Version(name, revision, number / 1e9, reason, ran.get(revision), number)


def _holds(version: Version, data: bytes) -> bool:
    try:
        return version.revision == revision_of(data) and content(version) is not None
    except TermaiError:
        return False


def _entries(directory: Path) -> list[str]:
    with _storage(directory):
        try:
            return os.listdir(directory)  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []


def _ours(directory: Path) -> list[str]:
    entries = sorted(_entries(directory))
    return [entry for entry in entries if _VERSION.fullmatch(entry) or _RAN.fullmatch(entry)]


def _when(path: Path) -> float | None:
    try:
        when = float(read_text(path, limit=64))
    except (TermaiError, ValueError):
        return None
    return when if math.isfinite(when) and when > 0 else None


def _is_name(entry: str) -> bool:
    try:
        return bool(check_name(entry))
    except UsageError:
        return False


def _copy(source: Path, target: Path) -> None:
    """Give a file, which is never changed in place, a second name, or copy it where that fails."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        write_atomic(target, read_bytes(source, limit=tomlfile.LIMIT))


@contextmanager
def _storage(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The history of profiles in {directory} cannot be used: {error.strerror}.",
            fix="Free space or mend its permissions.",
        ) from error
