"""The rate limit that all running downloads share, through one small locked file.

The file holds the moment from which the next byte may be received (the generic cell rate
algorithm, ITU-T I.371), on the monotonic clock, which all processes of a machine share. What
one download does not use, the others do.
"""

import fcntl
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

from termai.models.downloads.records import downloads_dir
from termai.paths import private_dir

BURST_S = 0.25  # seconds' worth of bytes that may come at once
LOOK_S = 1.0  # seconds between looks at the settings
_FARTHEST_S = 60.0  # a moment farther ahead is from before a reboot
_FORMAT = struct.Struct("<d")


class Limit:
    """Makes a receiver wait as long as the limit says; ``configured`` returns bytes/s or 0."""

    def __init__(self, configured: Callable[[], float], path: Path | None = None) -> None:
        self._configured = configured
        self._path = path or downloads_dir() / "limit"
        self._rate = 0.0
        self._look_at = 0.0

    @property
    def rate(self) -> float:
        """The limit in bytes per second, 0 for none."""
        now = time.monotonic()
        if now >= self._look_at:
            self._rate, self._look_at = self._configured(), now + LOOK_S
        return self._rate

    def take(self, count: int) -> None:
        """Return when ``count`` more bytes may be received; raises OSError."""
        rate = self.rate
        if rate > 0 and count:
            wait = self._booked(count / rate) - time.monotonic() - BURST_S
            if wait > 0:
                time.sleep(min(wait, _FARTHEST_S))

    def _booked(self, seconds: float) -> float:
        """Move the shared moment on by ``seconds`` and return it."""
        private_dir(self._path.parent)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            now = time.monotonic()
            raw = os.pread(descriptor, _FORMAT.size, 0)
            at = _FORMAT.unpack(raw)[0] if len(raw) == _FORMAT.size else now
            start = at if now <= at <= now + _FARTHEST_S else now
            os.pwrite(descriptor, _FORMAT.pack(start + seconds), 0)
            return float(start + seconds)
        finally:
            os.close(descriptor)
