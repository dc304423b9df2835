"""What this machine lets a program have: cores, hardware threads, memory that may be locked."""

from __future__ import annotations

import math
import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from termai.hardware import cgroup

_CAP_IPC_LOCK = 1 << 14  # linux/capability.h: memory is locked without a limit
_STATUS = Path("/proc/self/status")
_UID_MAP = Path("/proc/self/uid_map")
_WHOLE_MAP = ["0", "0", "4294967295"]
_CPUS = Path("/sys/devices/system/cpu")
_SIBLINGS = "topology/thread_siblings"
_KINDS = (Path("/sys/devices/cpu_core"), Path("/sys/devices/cpu_atom"))


@dataclass(frozen=True, slots=True)
class MachineLimits:
    """How much of the machine a program may have; None where that is not told.

    cores: physical ones. threads: hardware threads that this process may run on, fewer where a
    control group grants less time. chosen: threads that llama.cpp takes when it is told none:
    the physical cores of the whole machine, granted or not. memlock: bytes that may be locked.
    """

    cores: int | None = None
    threads: int | None = None
    chosen: int | None = None
    memlock: int | None = None


def read() -> MachineLimits:
    """Read the limits there are now; never raises.

    ``memlock`` is None too where there is no limit, as for a program with CAP_IPC_LOCK.
    """
    threads = _threads()
    return MachineLimits(_cores(threads), threads, _chosen(), _memlock())


def _cores(threads: int | None) -> int | None:
    with suppress(ImportError, OSError):
        import psutil

        cores = psutil.cpu_count(logical=False)
        return min(cores, threads) if cores and threads else cores
    return None


def _threads() -> int | None:
    try:
        allowed: int | None = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        allowed = os.cpu_count()
    granted = cgroup.processors()
    if granted is None or allowed is None:
        return allowed
    return max(1, min(allowed, math.ceil(granted)))


def _chosen() -> int | None:
    """Return the cores that common_cpu_get_num_math counts in llama.cpp's common/common.cpp.

    None on processors with cores of two kinds, where it asks each core itself, and off Linux.
    """
    if all(kind.exists() for kind in _KINDS):
        return None
    siblings: set[str] = set()
    with suppress(OSError):
        for number in count():
            siblings.add((_CPUS / f"cpu{number}" / _SIBLINGS).read_text())
    return len(siblings) or None


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
