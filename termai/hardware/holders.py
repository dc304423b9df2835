"""Who holds the memory of the GPUs: process, user and command, as far as they can be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai.hardware import gpus
from termai.text import one_line

_COMMAND_WIDTH = 40
_PID_NAMESPACE = Path("/proc/self/ns/pid")
_FIRST_PID_NAMESPACE = 0xEFFFFFFC  # PROC_PID_INIT_INO, include/linux/proc_ns.h


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with memory on a GPU.

    gpu: index in the driver's order. bytes: None where the driver does not tell. user, command:
    empty where the process cannot be looked at, as from inside a container. server: termai's
    name for it, empty unless it was given one.
    """

    gpu: int
    pid: int
    bytes: int | None = None
    user: str = ""
    command: str = ""
    server: str = ""


def read() -> tuple[Holder, ...]:
    """Return who holds memory of each GPU, the largest first; never raises.

    Empty where there is no driver, or it names no processes.
    """
    found = [_holder(*process) for process in gpus.processes()]
    return tuple(sorted(found, key=lambda holder: (holder.gpu, -(holder.bytes or 0))))


def _holder(gpu: int, pid: int, size: int | None) -> Holder:
    user, command = _identity(pid)
    return Holder(gpu, pid, size, user, command)


def _identity(pid: int) -> tuple[str, str]:
    """Return user and command of a process that NVML named.

    NVML counts processes as the machine does: in a container the same number is another process.
    """
    if _in_container():
        return "", ""
    try:
        import psutil
    except (ImportError, OSError):
        return "", ""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return _told(process.username), one_line(_told(process.name), _COMMAND_WIDTH)
    except (psutil.Error, OSError, ValueError, RuntimeError):
        return "", ""


def _told(ask: Any) -> str:
    import psutil

    try:
        return one_line(str(ask()))
    except (psutil.Error, OSError, KeyError):
        return ""


def _in_container() -> bool:
    """Return whether processes have other numbers here than outside; False where unknown."""
    try:
        return _PID_NAMESPACE.stat().st_ino != _FIRST_PID_NAMESPACE
    except OSError:
        return False
