"""Processor and memory of the host, through psutil."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

_measured_before = False


def memory() -> tuple[int | None, int | None]:
    """Return bytes of RAM (in use, in total); in use is what is not available to programs."""
    psutil = _psutil()
    if psutil is None:
        return None, None
    try:
        state = psutil.virtual_memory()
    except (OSError, RuntimeError, ValueError):
        return None, None
    return state.total - state.available, state.total


def cpu_percent() -> float | None:
    """Return the load of all cores, 0 to 100, since the last call; None the first time."""
    global _measured_before
    psutil = _psutil()
    if psutil is None:
        return None
    try:
        percent = float(psutil.cpu_percent(interval=None))
    except (OSError, RuntimeError, ValueError):
        return None
    measured, _measured_before = _measured_before, True
    return percent if measured else None


def _psutil() -> ModuleType | None:
    try:
        import psutil
    except (ImportError, OSError):
        return None
    return psutil
