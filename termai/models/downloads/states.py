"""What a download is doing."""

from enum import StrEnum


class Status(StrEnum):
    """What a download is doing; only done and cancelled cannot be resumed.

    QUEUED: waits for its turn. RUNNING: receives. WAITING: tries again after a while, or waits
    for another download of the same file. VERIFYING: reads what is there to check its hash.
    PAUSED: on request. INTERRUPTED: its process is gone and nobody asked for that. FAILED: met
    what does not heal by itself.
    """

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    VERIFYING = "verifying"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def active(self) -> bool:
        """Whether a process works on it or will in its turn."""
        return self in (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.VERIFYING)

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do or undo."""
        return self in (Status.DONE, Status.CANCELLED)
