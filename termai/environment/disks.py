"""Free space where models, data, state and settings lie, and whether they can be written."""

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.environment import mounts, packages, place, storing
from termai.environment.finding import Finding, Verdict
from termai.environment.storing import Place
from termai.environment.units import size
from termai.text import one_line

_FULL = 16 << 20  # bytes: nothing of use can be written
_FEW = 1 << 30
_FEW_FOR_MODELS = 8 << 30  # bytes: one model of 8 billion parameters at 8 bits
_INODES = 100


@dataclass(frozen=True, slots=True)
class Space:
    """A disk as a place on it sees it.

    device: the number that places on one disk share. free, total: bytes, free for this user.
    files: how many more can be made, None where the file system does not count them. writable:
    whether this user may write there. read_only: whether nobody may.
    """

    device: int
    free: int
    total: int
    files: int | None = None
    writable: bool = True
    read_only: bool = False


def measure(directory: Path) -> Space:
    """Return the disk below a directory, or below the nearest one above it; raises OSError."""
    there = storing.existing(directory)
    told = os.statvfs(there)
    return Space(
        device=there.stat().st_dev,
        free=told.f_bavail * told.f_frsize,
        total=told.f_blocks * told.f_frsize,
        files=told.f_favail if told.f_files else None,
        writable=os.access(there, os.W_OK | os.X_OK) and not mounts.is_of_kernel(there),
        read_only=bool(told.f_flag & os.ST_RDONLY),
    )


def disks(
    wanted: Callable[[], Sequence[Place]] = storing.places,
    measured: Callable[[Path], Space] = measure,
    limit_s: float = storing.LIMIT_S,
) -> Iterator[Finding]:
    """Yield a finding for each disk that something of termai's lies on, and for closed places.

    A disk has the name of the first of its places.
    """
    together: dict[int, list[tuple[Place, Space]]] = {}
    for seen in storing.look_at(wanted(), lambda one: measured(one.path), limit_s):
        if seen.result is None:
            yield _silent(seen.place, seen.wrong)
        else:
            together.setdefault(seen.result.device, []).append((seen.place, seen.result))
            yield from _closed(seen.place, seen.result)
    for group in together.values():
        if group[0][1].total:  # some file systems do not count
            yield _room([one for one, _ in group], group[0][1])


def _room(there: Sequence[Place], space: Space) -> Finding:
    first = there[0]
    name = f"Disk of {first.what}"
    kept = ", ".join(one.what for one in there)
    sentence = f"{size(space.free)} of {size(space.total)} are free for {kept}."
    path = str(first.path)
    if space.free < _FULL:
        return Finding(
            name,
            Verdict.PROBLEM,
            f"It is full ({size(space.free)} free): {_stops(there)}.",
            _freeing(there),
            path=path,
        )
    if space.files is not None and space.files < _INODES:
        return Finding(
            name,
            Verdict.PROBLEM,
            f"It has room for {space.files} more files only: {_stops(there)}.",
            "Delete files that are not needed; `df -i` shows how many a disk can hold.",
            path=path,
            cause="The file system holds a fixed number of files (inodes).",
        )
    models = any(one.what.startswith("models") for one in there)
    if space.free < (_FEW_FOR_MODELS if models else _FEW):
        return Finding(
            name,
            Verdict.WARNING,
            f"{sentence} Hardly a model can be downloaded." if models else sentence,
            _freeing(there),
            path=path,
        )
    return Finding(name, Verdict.OK, sentence, path=path)


def _stops(there: Sequence[Place]) -> str:
    kept = [one.what for one in there if not one.what.startswith("models")]
    words = ["models cannot be downloaded"] if len(kept) < len(there) else []
    if kept:
        words.append(f"{_listed(kept)} cannot be written")
    return ", ".join(words)


def _freeing(there: Sequence[Place]) -> str:
    """Return what makes room, for all that lies on a disk."""
    variables = list(dict.fromkeys(one.variable for one in there if one.variable))
    where = "a directory" if len(variables) == 1 else "directories"
    move = f", or set {_listed(variables)} to {where} on another disk" if variables else ""
    return f"Delete what is not needed (`termai models` lists the models){move}."


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _closed(where: Place, space: Space) -> Iterator[Finding]:
    """Yield a problem for a place that cannot be written; added models need only be read."""
    if (space.writable and not space.read_only) or not where.variable:
        return
    path = one_line(str(where.path), 200)
    name = f"Writing {where.what}"
    there = storing.existing(where.path)
    if space.read_only:
        yield Finding(
            name,
            Verdict.PROBLEM,
            f"The disk of {path} can only be read.",
            f"Set {where.variable} to a directory that can be written.",
            path=str(where.path),
            cause="It was mounted so, or the kernel found errors on it: see its log (dmesg).",
        )
        return
    remedy = packages.as_root(f"chown -R {place.user()} {shlex.quote(str(there))}")
    own = there == where.path
    yield Finding(
        name,
        Verdict.PROBLEM,
        f"This user may not write to {one_line(str(there), 200)}, where {where.what} belong.",
        remedy.fix if own else f"Set {where.variable} to a directory that can be written.",
        path=str(where.path),
        command=remedy.command if own else "",
    )


def _silent(where: Place, wrong: str) -> Finding:
    return Finding(
        f"Disk of {where.what}",
        Verdict.PROBLEM,
        f"The disk of {one_line(str(where.path), 200)} cannot be used: {one_line(wrong, 80)}.",
        "Look whether its server or drive is there: `mount` lists what is mounted where.",
        path=str(where.path),
        cause="A network disk hangs while its server is away.",
    )
