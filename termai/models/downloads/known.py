"""Hashes of files that were verified here, so that what stands there is not read again.

An entry holds as long as size, time of change and inode of the file are the same. It also tells
files that termai wrote from those of others: by the inode, which a damaged file keeps.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from termai.errors import InvalidFileError, NotFoundError, TermaiError
from termai.files import read_text, write_atomic
from termai.locks import lock
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.records import downloads_dir

MOST = 2000  # entries kept, the newest


@dataclass(frozen=True, slots=True)
class _Entry:
    size: int
    mtime_ns: int
    inode: int
    hash: str
    fetched: bool = True


def remember(path: Path, status: os.stat_result, content: str, *, fetched: bool = True) -> None:
    """Note that the file at ``path`` has this hash; a failure only costs time.

    ``fetched``: whether termai wrote it.
    """
    key = _key(path)
    try:
        with lock("verified downloads"):
            entries = _read()
            entries.pop(key, None)
            entries[key] = _Entry(
                status.st_size, status.st_mtime_ns, status.st_ino, content, fetched
            )
            newest = dict(list(entries.items())[-MOST:])
            write_atomic(_file(), msgspec.json.encode(newest))
    except TermaiError:
        return


def is_known(path: Path, size: int, content: str) -> bool:
    """Whether ``path`` was verified to have this hash and has not changed since."""
    return _matches(path, (path,), size, content)


def content_of(file: PlannedFile) -> str:
    """Return what stands for the content of a file in this memory."""
    return file.sha256 or file.oid or "size only"


def stands(plan: Plan, file: PlannedFile) -> bool:
    """Whether a file is in its place and verified, be it only as the partial file it was."""
    target = plan.target(file)
    places = (target, plan.partial(file))
    return _matches(target, places, file.size, content_of(file))


def is_whole(plan: Plan) -> bool:
    """Whether all files of a plan are in their places and verified."""
    return all(stands(plan, file) for file in plan.files)


def is_ours(plan: Plan, file: PlannedFile) -> bool:
    """Whether what is in a file's place was written by termai, whatever became of it since."""
    target = plan.target(file)
    try:
        inode = target.lstat().st_ino
    except OSError:
        return False
    entries = _read()
    found = (entries.get(_key(path)) for path in (target, plan.partial(file)))
    return any(entry and entry.fetched and entry.inode == inode for entry in found)


def _matches(path: Path, places: Iterable[Path], size: int, content: str) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    now = (size, status.st_mtime_ns, status.st_ino, content)
    entries = _read()
    found = (entries.get(_key(place)) for place in places)
    return status.st_size == size and any(
        entry and (entry.size, entry.mtime_ns, entry.inode, entry.hash) == now for entry in found
    )


def _key(path: Path) -> str:
    return str(Path(os.path.realpath(path.parent), path.name))


def _file() -> Path:
    return downloads_dir() / "verified.json"


def _read() -> dict[str, _Entry]:
    try:
        return msgspec.json.decode(read_text(_file()), type=dict[str, _Entry])
    except (NotFoundError, InvalidFileError, msgspec.DecodeError, RecursionError):
        return {}
