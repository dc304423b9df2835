"""Processor, memory, disks and network of the host, through psutil; what is hidden is None."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

_UNREADABLE = (OSError, RuntimeError, ValueError, NotImplementedError, AttributeError, TypeError)


class Counters(NamedTuple):
    """Bytes moved since the machine was started; None where that is not told."""

    read: int | None = None
    written: int | None = None
    received: int | None = None
    sent: int | None = None


class Spent(NamedTuple):
    """Seconds since the machine was started: busy, and in all."""

    busy: float
    whole: float


def memory() -> tuple[int | None, int | None]:
    """Return bytes of RAM (in use, in total); in use is what is not available to programs."""
    state = _asked(lambda psutil: psutil.virtual_memory())
    return (None, None) if state is None else (state.total - state.available, state.total)


def swap() -> tuple[int | None, int | None]:
    """Return bytes of swap (in use, in total)."""
    state = _asked(lambda psutil: psutil.swap_memory())
    return (None, None) if state is None else (state.used, state.total)


def cores() -> tuple[Spent, ...]:
    """Return the time that each core has spent, empty where it is not told."""
    told = _asked(lambda psutil: psutil.cpu_times(percpu=True))
    return tuple(_spent(times) for times in told or ())


def _spent(times: Any) -> Spent:
    """Return busy and whole time; Linux counts a guest's time as its user's, too."""
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    whole = float(sum(times)) - guests
    return Spent(whole - times.idle - getattr(times, "iowait", 0.0), whole)


def load() -> tuple[float, float, float] | None:
    """Return how many processes wanted to run, over 1, 5 and 15 minutes."""
    try:
        return os.getloadavg()
    except (OSError, AttributeError):
        return None


def counters() -> Counters:
    """Return what disks and network have moved; the loopback interface does not count."""
    disks = _asked(lambda psutil: psutil.disk_io_counters())
    cards = _asked(lambda psutil: psutil.net_io_counters(pernic=True, nowrap=True))
    outside = [card for name, card in (cards or {}).items() if name not in ("lo", "lo0")]
    return Counters(
        read=None if disks is None else int(disks.read_bytes),
        written=None if disks is None else int(disks.write_bytes),
        received=sum(int(card.bytes_recv) for card in outside) if cards else None,
        sent=sum(int(card.bytes_sent) for card in outside) if cards else None,
    )


def _asked(question: Callable[[ModuleType], Any]) -> Any:
    """Return psutil's answer, None without psutil and where the system does not tell."""
    try:
        import psutil
    except (ImportError, OSError):
        return None
    try:
        return question(psutil)
    except _UNREADABLE:
        return None
