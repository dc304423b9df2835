"""How fast bytes come: smoothed over some seconds, and the time that the rest will take."""

import math

SMOOTH_S = 4.0  # seconds after which an old rate counts about a third


class Meter:
    """A rate in bytes per second, from totals at moments."""

    def __init__(self, now: float, total: int) -> None:
        self._at, self._total, self._begun = now, total, now
        self._rate = 0.0

    def update(self, now: float, total: int) -> float:
        """Take the total that is there at ``now`` (seconds) and return the rate."""
        elapsed = now - self._at
        if elapsed <= 0:
            return self._rate
        current = max(0, total - self._total) / elapsed
        kept = math.exp(-elapsed / min(SMOOTH_S, max(now - self._begun, elapsed)))
        first = self._at == self._begun
        self._rate = current if first else kept * self._rate + (1 - kept) * current
        self._at, self._total = now, total
        return self._rate


def time_left(missing: int, rate: float) -> float | None:
    """Return the seconds that ``missing`` bytes will take; None when nothing comes."""
    if missing <= 0:
        return 0.0
    return missing / rate if rate > 1.0 else None
