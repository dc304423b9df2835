"""One connection or several: what is faster from this hub is measured, and kept.

Hubs and their stores often limit each connection and not each client. A line that is the limit
itself gains nothing from several connections, and gets one.
"""

import time
from collections.abc import Callable
from enum import Enum, auto

from termai.models.downloads import pieces
from termai.models.downloads.failures import PassingError
from termai.models.downloads.partial import Partial
from termai.models.downloads.transfer import Transfer

PROBE_S = 2.0  # seconds that a single connection is measured for
TRIAL_S = 4.0  # the same for several
GAIN = 1.3  # how much faster several must be to be worth it
SLOW, FAST = 1e6, 2e8  # bytes per second outside which several are not tried
LEAST = 64 << 20  # bytes that must be missing for several to be tried
_FAILURES = 3  # how often several may break before one is taken for good


class _Way(Enum):
    UNKNOWN = auto()
    TRIAL = auto()
    SEVERAL = auto()
    SINGLE = auto()


class Pace:
    """How the files of a download are received; what was found for one holds for the next.

    probe_s, trial_s: seconds that one and several connections are measured for. least: bytes
    that must be missing for several to be tried.
    """

    def __init__(
        self,
        *,
        probe_s: float = PROBE_S,
        trial_s: float = TRIAL_S,
        least: int = LEAST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._probe_s, self._trial_s, self._least = probe_s, trial_s, least
        self._way = _Way.UNKNOWN
        self._single = 0.0
        self._failures = 0

    def receive(self, transfer: Transfer, partial: Partial, grown: Callable[[int], None]) -> None:
        """Receive some of what is missing or all of it; raises as ``Transfer`` does."""
        missing = transfer.file.size - partial.size
        if self._way is _Way.SINGLE or missing < self._least or transfer.limit.rate:
            transfer.stream(partial, grown)
        elif self._way is _Way.UNKNOWN:
            self._probe(transfer, partial, grown)
        elif not transfer.place:
            transfer.stream(partial, grown, lambda: True)  # to learn where the hub leads to
            self._way = self._way if transfer.place else _Way.SINGLE
        else:
            self._several(transfer, partial, grown)

    def _probe(self, transfer: Transfer, partial: Partial, grown: Callable[[int], None]) -> None:
        """Measure a single connection, from its first byte on."""
        began: list[tuple[float, int]] = []

        def enough() -> bool:
            if not began:
                began.append((self._clock(), partial.size))
            return self._clock() - began[0][0] >= self._probe_s

        transfer.stream(partial, grown, enough)
        elapsed = self._clock() - began[0][0] if began else 0.0
        if elapsed < self._probe_s:
            return
        self._single = (partial.size - began[0][1]) / elapsed
        tried = SLOW <= self._single <= FAST and bool(transfer.place)
        self._way = _Way.TRIAL if tried else _Way.SINGLE

    def _several(self, transfer: Transfer, partial: Partial, grown: Callable[[int], None]) -> None:
        size = min(pieces.LARGEST, max(pieces.SMALLEST, int(self._single / 4)))
        began, there = self._clock(), partial.size
        trial = self._way is _Way.TRIAL

        def enough() -> bool:
            return trial and self._clock() - began >= self._trial_s

        try:
            pieces.receive(transfer, partial, grown, size, enough)
        except PassingError as error:
            transfer.place = ""
            self._failures += not error.at_once  # an address that expired is no failure
            self._way = _Way.SINGLE if self._failures >= _FAILURES else self._way
            raise
        if trial and partial.size < transfer.file.size:
            rate = (partial.size - there) / max(self._clock() - began, 1e-6)
            self._way = _Way.SEVERAL if rate >= GAIN * self._single else _Way.SINGLE
