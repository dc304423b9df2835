"""What stands where the files of a download are to be placed, and must not be overwritten."""

import os
import stat
from pathlib import Path

from termai.models.downloads import known
from termai.models.downloads.failures import OccupiedError
from termai.models.downloads.plan import Plan, PlannedFile
from termai.text import one_line


def check(plan: Plan) -> None:
    """Raise OccupiedError where a file cannot be placed, as far as that shows without reading.

    A file of the right size may be the right one; ``check_file`` is for when it is not.
    """
    for file in plan.files:
        if _size(plan.target(file)) != file.size:
            check_file(plan, file)


def check_file(plan: Plan, file: PlannedFile) -> None:
    """Raise OccupiedError where anything but a file that termai wrote is in a file's place."""
    target = plan.target(file)
    if (parent := _no_directory(target.parent)) is not None:
        raise _occupied(plan, parent, "is no directory")
    try:
        there = target.lstat()
    except OSError:
        return
    if target.is_dir():
        raise _occupied(plan, target, "is a directory")
    if not stat.S_ISREG(there.st_mode) or not known.is_ours(plan, file):
        raise _occupied(plan, target, "is another file, which termai did not write")


def _occupied(plan: Plan, path: Path, what: str) -> OccupiedError:
    return OccupiedError(
        f"{one_line(str(path), 400)} is in the way of {one_line(plan.name, 120)}: it {what}.",
        fix="Move it elsewhere or remove it, then pull again.",
    )


def _no_directory(path: Path) -> Path | None:
    """Return the nearest of a directory and its parents that is there and is none."""
    while not os.path.lexists(path) and path != path.parent:
        path = path.parent
    return None if path.is_dir() else path


def _size(path: Path) -> int:
    """Return the size of a plain file or of what a link leads to, -1 for anything else."""
    try:
        there = path.stat()
    except OSError:
        return -1
    return there.st_size if stat.S_ISREG(there.st_mode) else -1
