"""Interleaved measurements and the ratios that come of them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One claim: what was measured as a multiple of what it is compared with.

    ``limit`` is the most that the design allows; ``unit`` is "x" for ratios and "%" for shares.
    """

    name: str
    value: float
    limit: float
    unit: str = "x"
    note: str = ""

    @property
    def kept(self) -> bool:
        """Say whether the measured value is within the limit."""
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "ok" if self.kept else "OVER"
        note = f"   {self.note}" if self.note else ""
        measured = f"{self.value:7.2f}{self.unit}  limit {self.limit:g}{self.unit}"
        return f"{self.name:44} {measured:24} {verdict}{note}"


def seconds(action: Callable[[], object]) -> float:
    """Return the wall time of one call in seconds."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def ratio_of_medians(
    ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int
) -> tuple[float, str]:
    """Call both in turn ``rounds`` times and return the ratio of the medians and their values.

    Taking turns lets both see the same noise of a shared machine.
    """
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    a = statistics.median(pair[0] for pair in pairs)
    b = statistics.median(pair[1] for pair in pairs)
    return a / b, f"{a * 1000:.1f} ms against {b * 1000:.1f} ms, {rounds} rounds"
