"""Evidence that the kernel's out-of-memory killer was at work."""

import os
import re
from pathlib import Path

_COUNTER = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


def oom_kills() -> int | None:
    """Return how many processes the OOM killer has ended in our control group.

    Version 2: ``memory.events``; version 1: ``memory.oom_control``; neither: the whole
    machine's count in ``/proc/vmstat``. None where no kernel counts. Sources: Linux
    Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
    """
    for path in (*_counters(), Path("/proc/vmstat")):
        try:
            found = _COUNTER.search(path.read_text("ascii"))
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return int(found[1])
    return None


def _counters() -> list[Path]:
    try:
        groups = Path("/proc/self/cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    paths = []
    for line in groups:
        _, controllers, group = line.split(":", 2)
        if "memory" in controllers.split(","):
            paths.append(_inside(Path("/sys/fs/cgroup/memory"), group) / "memory.oom_control")
        elif not controllers:
            paths.append(_inside(Path("/sys/fs/cgroup"), group) / "memory.events")
    return paths


def _inside(mount: Path, group: str) -> Path:
    """Return the group's directory, or the mount where a container shows nothing else."""
    path = mount / group.lstrip("/")
    return path if os.path.isdir(path) else mount  # noqa: PTH112
