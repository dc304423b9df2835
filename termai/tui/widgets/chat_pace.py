"""How often a growing reply is drawn: ten times a second, less where drawing is expensive."""

SHORTEST_S = 0.1
LONGEST_S = 1.0
SHARE = 0.2
"""The most of one core that drawing may take, as far as LONGEST_S allows."""


class Pace:
    """Choose the time to the next drawing from what the last ones cost."""

    def __init__(self) -> None:
        self._cost = 0.0

    def spent(self, seconds: float) -> None:
        """Take note of the processor time of one drawing."""
        self._cost = seconds if not self._cost else 0.7 * self._cost + 0.3 * seconds

    @property
    def interval(self) -> float:
        """Seconds from one drawing to the next."""
        return min(LONGEST_S, max(SHORTEST_S, self._cost / SHARE))
