"""How often a growing reply is drawn: ten times a second, less where drawing is expensive."""

import os

SHORTEST_S = 0.1
SHORTEST_REMOTE_S = 0.25
"""Over SSH, where each drawing is some kilobytes on a line that may be slow."""
LONGEST_S = 1.0
SHARE = 0.2
"""The most of one core that drawing may take, as far as LONGEST_S allows."""


class Pace:
    """Choose the time to the next drawing from what the last ones cost."""

    def __init__(self) -> None:
        self._cost = 0.0
        remote = bool(os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"))
        self._shortest = SHORTEST_REMOTE_S if remote else SHORTEST_S

    def spent(self, seconds: float) -> None:
        """Take note of the processor time of one drawing."""
        self._cost = seconds if not self._cost else 0.7 * self._cost + 0.3 * seconds

    @property
    def interval(self) -> float:
        """Seconds from one drawing to the next."""
        return min(LONGEST_S, max(self._shortest, self._cost / SHARE))
