"""The groups whose members may open a device file, and how a user joins them."""

import getpass
import grp
import os
from collections.abc import Sequence
from pathlib import Path

from termai.environment import packages, place
from termai.environment.remedy import Remedy


def group(path: Path) -> str:
    """Return the group of a file, empty where it is root's or is not told."""
    try:
        found = path.group()
    except (OSError, KeyError):
        return ""
    return "" if found == "root" else found


def joining(groups: Sequence[str]) -> Remedy:
    """Return how this user becomes a member; a user that is one has to log in again."""
    wanted = sorted({name for name in groups if name})
    if not wanted:
        return Remedy("Let the administrator give this user read and write access.")
    if all(is_waiting(name) for name in wanted):
        return Remedy("Log in again; in tmux end its server too: `tmux kill-server`.")
    remedy = packages.as_root(f"usermod -aG {','.join(wanted)} {place.user()}")
    return Remedy(f"{remedy.fix}, then log in again", remedy.command)


def is_waiting(name: str) -> bool:
    """Return whether the user is a member since after this login began."""
    try:
        entry = grp.getgrnam(name)
        return getpass.getuser() in entry.gr_mem and entry.gr_gid not in os.getgroups()
    except (KeyError, OSError):
        return False
