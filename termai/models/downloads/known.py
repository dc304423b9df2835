"""Hashes of files that were verified here, so that what stands there is not read again.

An entry holds as long as size, time of change and inode of the file are the same.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from termai.errors import InvalidFileError, NotFoundError, TermaiError
from termai.files import read_text, write_atomic
from termai.locks import lock
from termai.models.downloads.records import downloads_dir

MOST = 2000  # entries kept, the newest


@dataclass(frozen=True, slots=True)
class _Entry:
    size: int
    mtime_ns: int
    inode: int
    hash: str


def remember(path: Path, status: os.stat_result, content: str) -> None:
    """Note that the file that will stand at ``path`` has this hash; a failure only costs time."""
    try:
        with lock("verified downloads"):
            entries = _read()
            entries.pop(str(path), None)
            entries[str(path)] = _Entry(status.st_size, status.st_mtime_ns, status.st_ino, content)
            newest = dict(list(entries.items())[-MOST:])
            write_atomic(_file(), msgspec.json.encode(newest))
    except TermaiError:
        return


def is_known(path: Path, size: int, content: str) -> bool:
    """Whether ``path`` was verified to have this hash and has not changed since."""
    try:
        status = path.stat()
    except OSError:
        return False
    now = _Entry(status.st_size, status.st_mtime_ns, status.st_ino, content)
    return status.st_size == size and _read().get(str(path)) == now


def _file() -> Path:
    return downloads_dir() / "verified.json"


def _read() -> dict[str, _Entry]:
    try:
        return msgspec.json.decode(read_text(_file()), type=dict[str, _Entry])
    except (NotFoundError, InvalidFileError, msgspec.DecodeError, RecursionError):
        return {}
