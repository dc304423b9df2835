"""Locks between termai programs, which end with the process that holds them."""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from termai.errors import StorageError, UsageError
from termai.paths import private_dir, state_dir

_NAME_LENGTH = 160


@contextmanager
def lock(name: str, *, timeout_s: float = 60.0) -> Iterator[None]:
    """Hold a lock that every termai program of this user respects; it ends with the process.

    Raises UsageError when another program holds it for ``timeout_s`` seconds, and StorageError.
    """
    path = state_dir() / "locks" / f"{_safe(name)}.lock"
    try:
        private_dir(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"{path} could not be opened: {error.strerror}.") from error
    with held(descriptor, name, timeout_s):
        yield


@contextmanager
def held(descriptor: int, name: str, timeout_s: float) -> Iterator[None]:
    """Hold the lock of an open file or directory, and close it; raises as ``lock`` does."""
    deadline = time.monotonic() + timeout_s
    try:
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise UsageError(
                    f"Another termai has been busy with {name} for {timeout_s:.0f} s.",
                    fix="Wait until it is done, then try again.",
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise StorageError(
            f"The file system of {state_dir()} cannot lock files: {error.strerror}.",
            fix="Set TERMAI_STATE_DIR to a directory on a local disk.",
        ) from error
    return True


def _safe(name: str) -> str:
    """Return a file name that belongs to ``name`` alone, of a length that every disk takes."""
    raw = name.encode("utf-8", "surrogateescape")
    spelt = re.sub(rb"[^A-Za-z0-9_-]", lambda m: b"%%%02x" % m[0][0], raw).decode()
    if len(spelt) <= _NAME_LENGTH:
        return spelt
    import hashlib

    return f"{spelt[: _NAME_LENGTH // 2]}%{hashlib.sha256(raw).hexdigest()}"
