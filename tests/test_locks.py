"""One lock is held by one program at a time, whatever its name."""

import errno
import fcntl
import os

import pytest

from termai.errors import StorageError, UsageError
from termai.locks import lock


def test_a_lock_that_is_not_given_back_is_reported() -> None:
    with (
        lock("server x"),
        pytest.raises(UsageError, match="busy with server x"),
        lock("server x", timeout_s=0.05),
    ):
        pass


def test_a_lock_may_have_any_name() -> None:
    longest = "模" * 64
    names = ("profile-x", f"profile-{longest}", f"profile-{longest}字", "p\udcff/../x")
    for name in names:
        with lock(name), pytest.raises(UsageError), lock(name, timeout_s=0.0):
            pass
    with lock(names[1]), lock(names[2], timeout_s=0.0):
        pass


def test_a_file_system_without_locks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(StorageError, match="cannot lock files"), lock("server x"):
        pass
