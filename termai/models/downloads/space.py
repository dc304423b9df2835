"""Whether there is room on the disk for what is still to come."""

import os
import shutil
from pathlib import Path

from termai.models.downloads.failures import NoRoomError
from termai.models.downloads.plan import Plan, PlannedFile
from termai.text import one_line

MARGIN = 16 << 20  # bytes to be left free


def here(plan: Plan, file: PlannedFile) -> int:
    """Return how many bytes of a file are there, by the files alone."""
    begun = _size(plan.partial(file))
    if begun >= 0:
        return min(begun, file.size)
    return file.size if _size(plan.target(file)) == file.size else 0


def missing(plan: Plan) -> int:
    """Return how many bytes are still to come."""
    return sum(file.size - here(plan, file) for file in plan.files)


def free(directory: Path) -> int:
    """Return the bytes free for this user where ``directory`` is or will be."""
    return shutil.disk_usage(_existing(directory)).free


def check(plan: Plan, others: int = 0) -> None:
    """Raise NoRoomError when what is missing does not fit, ``others`` being spoken for."""
    directory = Path(plan.directory)
    try:
        there = free(directory)
    except OSError:
        return
    needed = missing(plan)
    if needed and needed + others + MARGIN > there:
        also = f" and running downloads need {in_units(others)}" if others else ""
        raise NoRoomError(
            f"{one_line(plan.name, 120)} needs {in_units(needed)} more in {directory}{also}; "
            f"{in_units(there)} are free.",
            fix="Free some space, then pull or resume it; what is there already is kept.",
        )


def same_disk(one: Path, other: Path) -> bool:
    """Whether two directories are or will be on the same file system."""
    try:
        return _existing(one).stat().st_dev == _existing(other).stat().st_dev
    except OSError:
        return False


def in_units(count: float) -> str:
    """Return bytes in GiB or MiB with one digit after the point."""
    if count >= 1 << 30:
        return f"{count / (1 << 30):.1f} GiB"
    return f"{count / (1 << 20):.1f} MiB"


def _existing(directory: Path) -> Path:
    while not os.path.isdir(directory) and directory != directory.parent:  # noqa: PTH112
        directory = directory.parent
    return directory


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
