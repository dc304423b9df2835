"""Who works on a download: the process that holds the lock of its ``owner`` file."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from termai.errors import StorageError
from termai.models.downloads.records import OWNER

_PATIENCE_S = 1.0  # seconds that others' looks at the lock are waited out


@contextmanager
def owned(directory: Path) -> Iterator[bool]:
    """Own a download for as long as the block runs; False when another process owns it."""
    descriptor = _opened(directory)
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


def is_owned(directory: Path) -> bool:
    """Whether a living process works on the download."""
    try:
        descriptor = os.open(directory / OWNER, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _opened(directory: Path) -> int:
    path = directory / OWNER
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"{path} could not be opened: {error.strerror}.") from error


def _taken(descriptor: int) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True
