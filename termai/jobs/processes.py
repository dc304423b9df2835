"""Processes named so that a recycled pid is never mistaken for the one that was meant.

Linux: field 22 of /proc/PID/stat, the start time in clock ticks since boot (proc(5)), together
with the boot id. Elsewhere: the start time that ``ps`` prints, to the second.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

_LINUX = sys.platform == "linux"


class ProcessId(NamedTuple):
    """A process for ever: ``pid`` and the kernel's start time, with the boot id, as text."""

    pid: int
    started: str


class _Stat(NamedTuple):
    living: bool
    group: int
    started: str


def identify(pid: int) -> ProcessId | None:
    """Return the identity of a living process, or None when it is gone or a zombie."""
    stat = _stat(pid)
    return ProcessId(pid, stat.started) if stat and stat.living else None


def is_alive(process: ProcessId | None) -> bool:
    """Return whether exactly this process still runs; a zombie does not."""
    return process is not None and identify(process.pid) == process


def send_signal(process: ProcessId, number: int) -> bool:
    """Signal exactly this process and return whether it was there to be signalled."""
    try:
        if not hasattr(os, "pidfd_open"):
            return is_alive(process) and _kill(process.pid, number)
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except OSError:
        return is_alive(process) and _kill(process.pid, number)
    try:
        return is_alive(process) and _kill_handle(handle, number)
    finally:
        os.close(handle)


def group_members(group: int) -> list[ProcessId]:
    """Return the living processes of a process group."""
    pids = _pids_linux() if _LINUX else _pids_of_group_ps(group)
    found = ((pid, _stat(pid)) for pid in pids)
    return [
        ProcessId(pid, stat.started)
        for pid, stat in found
        if stat and stat.living and stat.group == group
    ]


def signal_group(group: int, number: int) -> None:
    """Signal a process group that the caller knows to be the one it means."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # macOS answers EPERM for a group of zombies


def _kill(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _kill_handle(handle: int, number: int) -> bool:
    import signal

    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    return True


def _stat(pid: int) -> _Stat | None:
    return _stat_linux(pid) if _LINUX else _stat_ps(pid)


def _stat_linux(pid: int) -> _Stat | None:
    try:
        raw = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = raw[raw.rindex(b")") + 2 :].split()
    living = fields[0] not in (b"Z", b"X", b"x")
    return _Stat(living, int(fields[2]), f"{int(fields[19])}@{boot_id()}")


def _stat_ps(pid: int) -> _Stat | None:
    fields = _ps("-o", "stat=,pgid=,lstart=", "-p", str(pid)).split()
    if len(fields) < 3:
        return None
    return _Stat(not fields[0].startswith("Z"), int(fields[1]), " ".join(fields[2:]))


def _pids_linux() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def _pids_of_group_ps(group: int) -> list[int]:
    rows = (line.split() for line in _ps("-axo", "pid=,pgid=").splitlines())
    return [int(row[0]) for row in rows if len(row) == 2 and int(row[1]) == group]


def _ps(*arguments: str) -> str:
    import subprocess

    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    done = subprocess.run(
        ["ps", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return done.stdout


@cache
def boot_id() -> str:
    """Return what names this run of the machine, the same everywhere where nobody tells."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return "unknown-boot"
