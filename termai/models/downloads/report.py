"""Telling the other programs how far a download is, a few times a second."""

import threading
import time
from pathlib import Path
from typing import Self

from termai.models.downloads import space
from termai.models.downloads.meter import Meter
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import Progress, write_progress
from termai.models.downloads.states import Status

TICK_S = 0.4  # seconds between two notes


class Report:
    """Writes ``progress.json`` from a thread of its own while the block runs."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self._directory, self._plan = directory, plan
        self._now = Progress(Status.QUEUED, time.time())
        self._written: Progress | None = None
        self._writing = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="report", daemon=True)

    def say(self, status: Status, problem: str = "", retry_at: float = 0.0) -> None:
        """Take a new status; told at once when it differs."""
        before = self._now
        self._now = Progress(status, time.time(), before.rate, problem, retry_at)
        if (before.status, before.problem) != (status, problem):
            self._write()

    def __enter__(self) -> Self:
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _tick(self) -> None:
        meter = Meter(time.monotonic(), self._there())
        while not self._end.wait(TICK_S):
            rate = meter.update(time.monotonic(), self._there())
            now = self._now
            moving = now.status is Status.RUNNING
            self._now = Progress(
                now.status, time.time(), rate if moving else 0.0, now.problem, now.retry_at
            )
            if moving or self._written is None or self._written.status != now.status:
                self._write()

    def _there(self) -> int:
        return self._plan.size - space.missing(self._plan)

    def _write(self) -> None:
        with self._writing:
            self._written = self._now
            write_progress(self._directory, self._written)
