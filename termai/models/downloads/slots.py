"""The queue: as many downloads at once as the settings allow, the one added first goes first.

Nobody keeps the queue. Whoever runs holds the lock of a slot file and whoever waits that of a
ticket; the kernel lets go of both when a process ends in whatever way.
"""

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from termai.errors import StorageError
from termai.locks import lock
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import downloads_dir
from termai.paths import private_dir

SLOTS = 16  # the most that settings.downloads_at_once allows
LOOK_S = 0.3  # seconds between looks at the queue
_LOCK = "downloads queue"


class Turn:
    """A download's place: waiting with a ticket, or running with a slot."""

    def __init__(self, plan: Plan, at_once: Callable[[], int]) -> None:
        self._name = f"ticket-{int(plan.added_at * 1000):015d}-{plan.id:>09}"
        self._at_once = at_once
        self._ticket = self._slot = -1

    def take(self, on_wait: Callable[[], None] = lambda: None) -> None:
        """Return when it is this download's turn; ``on_wait`` is called if it is not at once."""
        if self._slot >= 0:
            return
        while not self._try():
            on_wait()
            time.sleep(LOOK_S)

    def give_back(self) -> None:
        """Let another download run."""
        for descriptor in (self._ticket, self._slot):
            if descriptor >= 0:
                os.close(descriptor)
        self._ticket = self._slot = -1

    def _try(self) -> bool:
        directory = _directory()
        with lock(_LOCK):
            if self._ticket < 0:
                self._ticket = _hold(directory / self._name)
            tickets = sorted(directory.glob("ticket-*"))
            before = [t for t in tickets if t.name < self._name and _is_held(t)]
            free = [n for n in range(SLOTS) if not _is_held(directory / f"slot-{n:02}")]
            running = SLOTS - len(free)
            if not free or len(before) >= self._at_once() - running:
                return False
            self._slot = _hold(directory / f"slot-{free[0]:02}")
            (directory / self._name).unlink(missing_ok=True)
            os.close(self._ticket)
            self._ticket = -1
        return True


def running() -> int:
    """Return how many downloads hold a slot now."""
    directory = _directory()
    with lock(_LOCK):
        return sum(_is_held(directory / f"slot-{n:02}") for n in range(SLOTS))


def _directory() -> Path:
    try:
        return private_dir(downloads_dir() / "queue")
    except OSError as error:
        raise StorageError(f"{downloads_dir()} cannot be used: {error.strerror}.") from error


def _hold(path: Path) -> int:
    """Lock a file that nobody holds and return its descriptor."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise StorageError(f"{path} cannot be locked: {error.strerror}.") from error
    return descriptor


def _is_held(path: Path) -> bool:
    """Whether a process holds the file; a ticket that nobody holds is removed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    if path.name.startswith("ticket-"):
        with suppress(OSError):
            path.unlink()
    return False
