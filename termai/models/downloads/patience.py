"""How long a download waits: for a byte, before it tries again, and in all."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from termai.errors import UnreachableError
from termai.models.downloads.failures import PassingError

_STALL_VARIABLE = "HF_HUB_DOWNLOAD_TIMEOUT"  # huggingface_hub's own, in seconds


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. stall_s: without a byte, before the connection is given up.

    connect_s: for a connection. first_s: before the first new try; doubles to most_s.
    longest_s: the most that is waited because the hub asks for it. give_up_s: without any byte,
    all tries together, before the download fails.
    """

    stall_s: float = 30.0
    connect_s: float = 15.0
    first_s: float = 1.0
    most_s: float = 60.0
    longest_s: float = 3600.0
    give_up_s: float = 86400.0


def patience() -> Patience:
    """Return the patience that the environment asks for, or the usual one."""
    try:
        stall = float(os.environ.get(_STALL_VARIABLE, ""))
    except ValueError:
        return Patience()
    return Patience(stall_s=min(max(stall, 0.1), 3600.0)) if stall == stall else Patience()


class Backoff:
    """Pauses between tries, longer each time until bytes come again."""

    def __init__(
        self,
        given: Patience,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._patience, self._clock, self._draw = given, clock, draw
        self._failed = 0
        self._since = clock()

    def pause(self, error: PassingError, *, progressed: bool) -> float:
        """Return the seconds to wait after ``error``; raises UnreachableError to give up.

        Exponential with jitter: between half and all of first_s times two to the number of
        failures, so that many machines do not come back at the same moment. What the hub asks
        for with Retry-After is waited at least.
        """
        if progressed:
            self._failed, self._since = 0, self._clock()
        waited = self._clock() - self._since
        if waited > self._patience.give_up_s:
            raise UnreachableError(
                f"{error.message} No byte came for {waited / 3600:.0f} hours.",
                fix="`termai downloads resume` goes on where it stopped.",
            ) from error
        again = self._failed > 0
        exponent = min(self._failed, 16)
        self._failed += 1
        if error.at_once and not again:
            return 0.0
        longest = min(self._patience.most_s, self._patience.first_s * float(2**exponent))
        own = longest * (0.5 + 0.5 * self._draw())
        return max(own, min(error.after_s, self._patience.longest_s))
