"""What this machine lets a program have: cores, hardware threads, memory that may be locked."""

from __future__ import annotations

import math
import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from termai.hardware import cgroup

_CAP_IPC_LOCK = 1 << 14  # linux/capability.h: memory is locked without a limit
_STATUS = Path("/proc/self/status")
_UID_MAP = Path("/proc/self/uid_map")
_WHOLE_MAP = ["0", "0", "4294967295"]


@dataclass(frozen=True, slots=True)
class MachineLimits:
    """How much of the machine a program may have; None where that is not told.

    cores: physical ones. threads: hardware threads that this process may run on, fewer where a
    control group grants less time. memlock: bytes that may be locked in RAM.
    """

    cores: int | None = None
    threads: int | None = None
    memlock: int | None = None


def read() -> MachineLimits:
    """Read the limits there are now; never raises.

    ``memlock`` is None too where there is no limit, as for a program with CAP_IPC_LOCK.
    """
    threads = _threads()
    return MachineLimits(_cores(threads), threads, _memlock())


def _cores(threads: int | None) -> int | None:
    with suppress(ImportError, OSError):
        import psutil

        cores = psutil.cpu_count(logical=False)
        return min(cores, threads) if cores and threads else cores
    return None


def _threads() -> int | None:
    try:
        count: int | None = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        count = os.cpu_count()
    granted = cgroup.processors()
    if granted is None or count is None:
        return count
    return max(1, min(count, math.ceil(granted)))


def _memlock() -> int | None:
    if _may_lock_all():
        return None
    try:
        soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    except (OSError, ValueError):
        return None
    return None if soft == resource.RLIM_INFINITY else soft


def _may_lock_all() -> bool:
    """Return whether the kernel asks no limit: CAP_IPC_LOCK outside of any user namespace."""
    try:
        fields = dict(
            line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line
        )
        capable = int(fields.get("CapEff", "0"), 16) & _CAP_IPC_LOCK
        return bool(capable) and _UID_MAP.read_text().split() == _WHOLE_MAP
    except (OSError, ValueError):
        return False
