"""Small files of /proc and /sys: bounded, and empty where they cannot be read."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/")
"""Where the checks look; a test gives them a recorded tree."""

_LIMIT = 1 << 20
_WHOLE = re.compile(r"-?[0-9]{1,20}")


def text(path: Path, limit: int = _LIMIT) -> str:
    """Return a file without blanks around it, at most ``limit`` bytes; empty without it."""
    try:
        with path.open("rb") as stream:
            return stream.read(limit).decode("utf-8", "replace").strip(" \t\r\n\0")
    except (OSError, ValueError):
        return ""


def number(path: Path) -> int | None:
    """Return the whole number that a file holds, None for anything else."""
    found = text(path, 64)
    return int(found) if _WHOLE.fullmatch(found) else None


def fields(path: Path) -> Mapping[str, str]:
    """Return the lines ``key: value`` of a file; of a key that comes twice, the first."""
    found: dict[str, str] = {}
    for line in text(path).splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    return found


def names(path: Path) -> list[str]:
    """Return the names in a directory, sorted; none where it cannot be listed."""
    try:
        return sorted(entry.name for entry in path.iterdir())
    except OSError:
        return []


def is_there(path: Path) -> bool:
    """Return whether something is there for this user; what is closed to it is not."""
    return os.path.exists(path)  # noqa: PTH110  Path's own raises below a closed directory


def matching(place: Path, pattern: str) -> list[Path]:
    """Return what matches below a directory, sorted; none where it is closed to this user."""
    try:
        return sorted(place.glob(pattern))
    except PermissionError:
        return []
