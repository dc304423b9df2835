"""Which file system a path lies on, told by the kernel without touching the path's disk.

Format of /proc/self/mountinfo: proc(5), Linux man-pages 6.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from termai.environment.reading import ROOT, text

_KERNELS = frozenset(
    {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "debugfs", "tracefs", "securityfs"}
    | {"configfs", "efivarfs", "bpf", "pstore", "mqueue", "binfmt_misc", "selinuxfs", "fusectl"}
)
"""File systems in which nobody makes directories of their own, whatever permissions say."""

_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: where, its type (``ext4``, ``fuse.sshfs``), its source, read-only."""

    point: str
    kind: str
    source: str = ""
    read_only: bool = False


def mount_of(path: Path, root: Path = ROOT) -> Mount | None:
    """Return the mount that a path lies on, None where it is not told; links are followed.

    Following links asks the disks on the way, which may hang.
    """
    real = Path(os.path.realpath(path))
    found = [mount for mount in mounts(root) if _is_below(real, mount.point)]
    longest = max((len(mount.point) for mount in found), default=0)
    # Of several on one point the last one hides the others.
    return next((m for m in reversed(found) if len(m.point) == longest), None)


def is_of_kernel(path: Path, root: Path = ROOT) -> bool:
    """Return whether a path lies where the kernel shows something, and keeps nothing."""
    mount = mount_of(path, root)
    return mount is not None and mount.kind in _KERNELS


def mounts(root: Path = ROOT) -> tuple[Mount, ...]:
    """Return what is mounted, in the order of mounting; empty off Linux."""
    found: list[Mount] = []
    for line in text(root / "proc/self/mountinfo").splitlines():
        left, dash, right = line.partition(" - ")
        before, after = left.split(" "), right.split(" ")
        if dash and len(before) >= 6 and len(after) >= 3:
            options = {*before[5].split(","), *after[2].split(",")}
            found.append(Mount(_plain(before[4]), after[0], _plain(after[1]), "ro" in options))
    return tuple(found)


def _is_below(path: Path, point: str) -> bool:
    return point == "/" or path == Path(point) or Path(point) in path.parents


def _plain(word: str) -> str:
    """Return a word with its octal escapes (blank, tab, line break, backslash) undone."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), word)
