"""What is kept of a download on disk: its plan, what is wanted of it, how far it is, its end.

``state_dir()/downloads/ID/`` holds ``plan.json``, ``wanted`` (run, paused or cancelled),
``progress.json`` (written often and never flushed; unreadable, it counts as missing),
``outcome.json`` once there is one, and ``owner``, a file that the working process locks.
``downloads/last`` is the id given last, so that none is given twice.
How many bytes are there is never recorded: the partial files say it.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError
from termai.files import read_text, write_atomic
from termai.models.downloads.plan import Plan, checked
from termai.models.downloads.states import Status
from termai.paths import state_dir

PLAN, WANTED, PROGRESS, OUTCOME, OWNER = (
    "plan.json",
    "wanted",
    "progress.json",
    "outcome.json",
    "owner",
)
_LAST = "last"
_LONGEST_NUMBER = 9

T = TypeVar("T")


class Wanted(StrEnum):
    """What a person wants of a download."""

    RUN = "run"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the working process is at. rate: bytes per second. at: seconds since the epoch.

    retry_at: when it tries again, 0 when it does not wait for that.
    """

    status: Status
    at: float
    rate: float = 0.0
    problem: str = ""
    retry_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a download ended: DONE or FAILED, with the failure's kind, sentence and fix."""

    status: Status
    at: float
    problem: str = ""
    fix: str = ""
    exit_code: int = 0


def downloads_dir() -> Path:
    """Return the directory that holds one directory per download."""
    return state_dir() / "downloads"


def directory_of(download_id: str) -> Path:
    """Return a download's directory; raises NotFoundError for what is no id."""
    if not is_id(download_id):
        raise NotFoundError(f"There is no download {download_id!r}.")
    return downloads_dir() / download_id


def is_id(text: str) -> bool:
    """Whether ``text`` has the form of an id: a number from 1 without leading zeros."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return plain and not text.startswith("0")


def ids() -> list[str]:
    """Return the ids of all downloads, oldest first."""
    try:
        names = os.listdir(downloads_dir())  # noqa: PTH208
    except OSError:
        return []
    return sorted((name for name in names if is_id(name)), key=int)


def take_id() -> str:
    """Return an id that no download ever had, while ``downloads`` is locked; StorageError."""
    path = downloads_dir() / _LAST
    try:
        last = read_text(path, limit=64).strip()
    except TermaiError:
        last = ""
    taken = [int(one) for one in (*ids(), last) if is_id(one)]
    new = str(max(taken, default=0) + 1)
    write_atomic(path, f"{new}\n")
    return new


def write_plan(directory: Path, plan: Plan) -> None:
    """Write ``plan.json``; raises StorageError."""
    write_atomic(directory / PLAN, msgspec.json.encode(plan))


def read_plan(directory: Path) -> Plan:
    """Read ``plan.json``; raises NotFoundError and InvalidFileError."""
    path = directory / PLAN
    plan = _decoded(path, read_text(path), Plan)
    if plan.schema != 1 or plan.id != directory.name:
        raise InvalidFileError(f"{path}: expected schema 1 and id {directory.name!r}.")
    try:
        return checked(plan)
    except TermaiError as error:
        raise InvalidFileError(f"{path}: {error.message}") from error


def plans() -> list[Plan]:
    """Return the plans that can be read, oldest first."""
    found: list[Plan] = []
    for one in ids():
        with suppress(NotFoundError, InvalidFileError):
            found.append(read_plan(downloads_dir() / one))
    return found


def want(directory: Path, wanted: Wanted) -> None:
    """Record what a person wants; raises StorageError."""
    write_atomic(directory / WANTED, f"{wanted}\n")


def wanted(directory: Path) -> Wanted:
    """Return what is wanted; RUN where that cannot be read."""
    try:
        return Wanted(read_text(directory / WANTED, limit=64).strip())
    except (TermaiError, ValueError):
        return Wanted.RUN


def write_progress(directory: Path, progress: Progress) -> None:
    """Replace ``progress.json`` in one step without flushing; a full disk loses only this."""
    temporary = directory / f".{PROGRESS}.{os.getpid()}"
    with suppress(OSError):
        temporary.write_bytes(msgspec.json.encode(progress))
        temporary.replace(directory / PROGRESS)


def read_progress(directory: Path) -> Progress | None:
    """Return the progress; None where there is none that can be read."""
    return _optional(directory / PROGRESS, Progress)


def write_outcome(directory: Path, outcome: Outcome) -> None:
    """Record the end; raises StorageError."""
    write_atomic(directory / OUTCOME, msgspec.json.encode(outcome))


def read_outcome(directory: Path) -> Outcome | None:
    """Return the end; None while there is none."""
    return _optional(directory / OUTCOME, Outcome)


def forget_outcome(directory: Path) -> None:
    """Let a download that ended go on; raises StorageError."""
    try:
        (directory / OUTCOME).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{directory} could not be changed: {error.strerror}.") from error


def _optional(path: Path, kind: type[T]) -> T | None:
    try:
        return _decoded(path, read_text(path, limit=1 << 16), kind)
    except (NotFoundError, InvalidFileError):
        return None


def _decoded(path: Path, text: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidFileError(f"{path}: {error}.", fix="`termai pull` it again.") from error
