"""Handing a growing file to the disk as it grows, so that its end is not a long wait.

Without it gigabytes may wait in memory for one flush at the end, during which a process cannot
even be killed, and a power cut would lose them.
"""

import os
import threading
from queue import SimpleQueue

EVERY = 64 << 20  # bytes between two flushes

_flush = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class Flusher:
    """Flushes an open file from a thread of its own, as long as its writer tells of growth."""

    def __init__(self, descriptor: int, size: int, every: int = EVERY) -> None:
        self._descriptor, self._every = descriptor, every
        self._asked = size
        self._wanted: SimpleQueue[bool] = SimpleQueue()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="flush", daemon=True)
        self._thread.start()

    def grown(self, size: int) -> None:
        """Tell that the file holds ``size`` bytes; raises the OSError that a flush met."""
        if self._failure:
            raise self._failure
        if size - self._asked >= self._every and self._wanted.empty():
            self._asked = size
            self._wanted.put(True)

    def close(self) -> None:
        """End the thread once a flush under way is done."""
        self._wanted.put(False)
        self._thread.join()

    def _run(self) -> None:
        while self._wanted.get():
            try:
                _flush(self._descriptor)
            except OSError as error:  # the kernel tells it once, so it must not be lost
                self._failure = error
                return
