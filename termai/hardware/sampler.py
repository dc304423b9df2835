"""One look at the machine after the other: snapshots with rates, and what came before them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from termai.hardware import cgroup, gpus, host
from termai.hardware.shot import Snapshot

LENGTH = 240
"""Snapshots that are remembered: eight minutes of one every two seconds."""

Measure = Callable[[Snapshot], float | None]

MEASURES: Mapping[str, Measure] = {
    "cpu": lambda shot: shot.cpu_percent,
    "ram": lambda shot: _share(shot.ram_used, shot.ram_total),
    "swap": lambda shot: _share(shot.swap_used, shot.swap_total),
    "disk_read": lambda shot: shot.disk_read,
    "disk_written": lambda shot: shot.disk_written,
    "net_received": lambda shot: shot.net_received,
    "net_sent": lambda shot: shot.net_sent,
}
"""What a history can be asked for: percent, or bytes per second."""


class _Read(NamedTuple):
    """What was counted when, for the rates of the next look."""

    at: float
    moved: host.Counters
    cores: tuple[host.Spent, ...]


class Sampler:
    """Takes snapshots and remembers the last ones; may be used from several threads.

    Rates are over the time since the snapshot before, so that one program has one sampler.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._before: _Read | None = None
        self._past: deque[Snapshot] = deque(maxlen=LENGTH)

    def sample(self) -> Snapshot:
        """Read the machine now; takes about a millisecond after the first call, never raises."""
        with self._lock:
            shot = self._read()
            self._past.append(shot)
            return shot

    def history(self, measure: str, gpu: int | None = None) -> tuple[float, ...]:
        """Return a measure of the remembered snapshots, the oldest first, 0 where it was not told.

        measure: one of ``MEASURES``, or with the place of a GPU in ``Snapshot.gpus`` one of
        ``utilization``, ``memory`` (percent), ``temperature`` and ``power``.
        """
        with self._lock:
            past = tuple(self._past)
        if gpu is None:
            told = (MEASURES[measure](shot) for shot in past)
        else:
            told = (_of_gpu(shot, gpu, measure) for shot in past)
        return tuple(value or 0.0 for value in told)

    def _read(self) -> Snapshot:
        now = _Read(self._clock(), host.counters(), host.cores())
        before, self._before = self._before, now
        cores = _shares(before.cores, now.cores) if before else ()
        used, total = host.memory()
        swapped, swap = host.swap()
        limit = cgroup.memory()
        rates = _rates(before, now)
        return Snapshot(
            gpus=gpus.read_all(),
            cpu_percent=sum(cores) / len(cores) if cores else None,
            ram_used=used,
            ram_total=total,
            cores=cores,
            load=host.load(),
            swap_used=swapped,
            swap_total=swap,
            disk_read=rates[0],
            disk_written=rates[1],
            net_received=rates[2],
            net_sent=rates[3],
            limit_used=limit.used if limit else None,
            limit_total=limit.total if limit else None,
            processors=cgroup.processors(),
        )


def _rates(before: _Read | None, now: _Read) -> tuple[float | None, ...]:
    """Return bytes per second of each counter, None where one was not told or began anew."""
    if before is None or now.at <= before.at:
        return (None,) * len(now.moved)
    pairs = zip(before.moved, now.moved, strict=True)
    return tuple(_rate(a, b, now.at - before.at) for a, b in pairs)


def _rate(before: int | None, now: int | None, passed: float) -> float | None:
    if before is None or now is None or now < before:
        return None
    return (now - before) / passed


def _shares(before: Sequence[host.Spent], now: Sequence[host.Spent]) -> tuple[float, ...]:
    """Return how busy each core was between two looks, 0 to 100; empty when they changed."""
    if len(before) != len(now):
        return ()
    return tuple(_busy(a, b) for a, b in zip(before, now, strict=True))


def _busy(before: host.Spent, now: host.Spent) -> float:
    passed = now.whole - before.whole
    return min(100.0, max(0.0, 100 * (now.busy - before.busy) / passed)) if passed > 0 else 0.0


def _of_gpu(shot: Snapshot, place: int, measure: str) -> float | None:
    if place >= len(shot.gpus):
        return None
    gpu = shot.gpus[place]
    if measure == "memory":
        return _share(gpu.memory_used, gpu.memory_total)
    value: float | None = getattr(gpu, measure)
    return value


def _share(used: int | None, total: int | None) -> float | None:
    return 100 * used / total if used is not None and total else None
