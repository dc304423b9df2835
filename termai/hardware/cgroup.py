"""How much memory and processor time the control groups of this process leave it.

Formats: cgroup v2 (``memory.max``, ``memory.current``, ``cpu.max``) and v1
(``memory.limit_in_bytes``, ``memory.usage_in_bytes``, ``cpu.cfs_quota_us``,
``cpu.cfs_period_us``), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst and
scheduler/sched-bwc.rst of the Linux kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

_MEMBERSHIP = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # v1 writes the largest multiple of a page for no limit


class Limit(NamedTuple):
    """Bytes in use that cannot be reclaimed, and the most that may be."""

    used: int
    total: int

    @property
    def free(self) -> int:
        """Bytes that may still be taken."""
        return max(0, self.total - self.used)


class _Files(NamedTuple):
    limit: str
    usage: str
    reclaimable: tuple[str, ...]  # keys of memory.stat: page cache, which gives way


_V2 = _Files("memory.max", "memory.current", ("inactive_file", "active_file"))
_V1 = _Files(
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)


def memory(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> Limit | None:
    """Return the limit that leaves least, of this process's group and those above it.

    None where nothing limits it, or where that cannot be read; never raises.
    """
    limits = [
        limit
        for directory, second in _groups(_text(membership), mount, "memory")
        if (limit := _limit(directory, _V2 if second else _V1))
    ]
    return min(limits, key=lambda limit: limit.free, default=None)


def processors(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> float | None:
    """Return how many processors' time this process may use at most, None without a limit.

    Never raises.
    """
    shares = [
        share
        for directory, second in _groups(_text(membership), mount, "cpu")
        if (share := _share(directory, second=second))
    ]
    return min(shares, default=None)


def _groups(membership: str, mount: Path, controller: str) -> Iterator[tuple[Path, bool]]:
    """Yield the directories of the groups this process is in, and whether they are of v2."""
    for line in membership.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            yield from ((directory, True) for directory in _upwards(mount, path))
        elif controller in controllers.split(","):
            yield from ((directory, False) for directory in _upwards(mount / controller, path))


def _upwards(base: Path, path: str) -> Iterator[Path]:
    """Yield a group's directory and all above it; a container may see only its own, as the base."""
    parts = PurePosixPath(path).parts[1:]
    if ".." in parts or not base.joinpath(*parts).is_dir():
        parts = ()
    for count in range(len(parts), -1, -1):
        yield base.joinpath(*parts[:count])


def _limit(directory: Path, files: _Files) -> Limit | None:
    total, usage = _number(_text(directory / files.limit)), _number(_text(directory / files.usage))
    if total is None or usage is None or total >= _UNLIMITED:
        return None
    pairs = (line.partition(" ") for line in _text(directory / "memory.stat").splitlines())
    cache = sum(_number(value) or 0 for key, _, value in pairs if key in files.reclaimable)
    return Limit(max(0, usage - cache), total)


def _share(directory: Path, *, second: bool) -> float | None:
    """Return quota by period, in processors, None where there is no quota."""
    if second:
        told = _text(directory / "cpu.max").split()
    else:
        names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        told = [_text(directory / name) for name in names]
    quota, period = (_number(text) for text in told) if len(told) == 2 else (None, None)
    return quota / period if quota and period else None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 24 else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
