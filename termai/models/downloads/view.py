"""A download as others see it now, from its files and from whether somebody works on it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError, NotFoundError
from termai.models.downloads import records, space
from termai.models.downloads.meter import time_left
from termai.models.downloads.owner import is_owned
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import Outcome, Progress, Wanted
from termai.models.downloads.states import Status
from termai.text import one_line

STARTING_S = 20.0  # seconds that a process may take to begin after it was started
_GONE = "Its process is gone, as after a restart of the machine."
_RESUME = "`termai downloads resume` goes on where it stopped."
_FRESH_S = 5.0  # seconds after which a rate says nothing any more


@dataclass(frozen=True, slots=True)
class FileState:
    """One file of a download: path in the repository, bytes of it that are here, bytes in all."""

    path: str
    done: int
    size: int


@dataclass(frozen=True, slots=True)
class Download:
    """A download as it was last looked at.

    rate: bytes per second. eta_s: seconds left, None while unknown. problem: what is in its way
    or why it failed; fix: what to do about that. retry_at, added_at, ended_at: seconds since the
    epoch, 0 for none. exit_code: of the failure, as in ``termai.errors``.
    """

    plan: Plan
    status: Status
    files: tuple[FileState, ...]
    rate: float = 0.0
    eta_s: float | None = None
    problem: str = ""
    fix: str = ""
    retry_at: float = 0.0
    ended_at: float = 0.0
    exit_code: int = 0

    @property
    def id(self) -> str:
        """A small number, as text."""
        return self.plan.id

    @property
    def name(self) -> str:
        """``ORG/NAME:VARIANT``."""
        return self.plan.name

    @property
    def repo(self) -> str:
        """``ORG/NAME``."""
        return self.plan.repo

    @property
    def commit(self) -> str:
        """The revision it is pinned to."""
        return self.plan.commit

    @property
    def variant(self) -> str:
        """What was chosen of the repository, such as ``Q4_K_M``."""
        return self.plan.variant

    @property
    def added_at(self) -> float:
        """When it was asked for."""
        return self.plan.added_at

    @property
    def bytes_done(self) -> int:
        """Bytes that are here."""
        return sum(file.done for file in self.files)

    @property
    def bytes_total(self) -> int:
        """Bytes in all."""
        return sum(file.size for file in self.files)

    @property
    def directory(self) -> Path:
        """Where the files are laid out."""
        return Path(self.plan.directory)

    @property
    def path(self) -> Path:
        """Where the model stands when it is done: its first file."""
        return self.plan.target(self.plan.files[0])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values; sizes in bytes, times in ISO 8601, UTC; null for none."""
        return {
            "id": self.id,
            "name": self.name,
            "repo": self.repo,
            "commit": self.commit,
            "variant": self.variant,
            "status": str(self.status),
            "bytes_done": self.bytes_done,
            "bytes_total": self.bytes_total,
            "rate": round(self.rate),
            "eta_s": None if self.eta_s is None else round(self.eta_s, 1),
            "problem": self.problem or None,
            "fix": self.fix or None,
            "retry_at": _iso(self.retry_at),
            "added_at": _iso(self.added_at),
            "ended_at": _iso(self.ended_at),
            "path": str(self.path),
            "files": [
                {"path": file.path, "bytes_done": file.done, "bytes_total": file.size}
                for file in self.files
            ],
        }


def _iso(at: float) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)) if at else None


def look(plan: Plan) -> Download:
    """Return the download of a plan as it is now; raises NotFoundError when it is not listed."""
    found = as_read(plan)
    if not is_listed(plan):
        raise NotFoundError(
            f"{one_line(plan.name, 120)} was taken off the list of downloads.",
            fix="`termai downloads` lists those that are there.",
        )
    return found


def here(plan: Plan) -> Download:
    """Return the download of a plan whose files are all here, as one that is done."""
    files = tuple(FileState(file.path, file.size, file.size) for file in plan.files)
    return Download(plan, Status.DONE, files)


def is_listed(plan: Plan) -> bool:
    """Whether this very plan is the one that is recorded under its id."""
    try:
        return records.read_plan(records.downloads_dir() / plan.id) == plan
    except (NotFoundError, InvalidFileError):
        return False


def as_read(plan: Plan) -> Download:
    """Return the download of a plan that was just read; see ``look``."""
    directory = records.downloads_dir() / plan.id
    wanted, owned = records.wanted(directory), is_owned(directory)
    outcome = records.read_outcome(directory)
    progress = records.read_progress(directory)
    status = _status(wanted, outcome, progress, owned=owned)
    if status is Status.INTERRUPTED and (ended := records.read_outcome(directory)):
        outcome, status = ended, ended.status  # it ended between two looks
    files = tuple(FileState(f.path, _done(plan, f, status), f.size) for f in plan.files)
    if outcome and status is outcome.status:
        return Download(
            plan,
            status,
            files,
            problem=outcome.problem,
            fix=outcome.fix,
            ended_at=outcome.at,
            exit_code=outcome.exit_code,
        )
    return _going_on(plan, status, files, progress)


def _going_on(
    plan: Plan, status: Status, files: tuple[FileState, ...], progress: Progress | None
) -> Download:
    if status is Status.INTERRUPTED:
        return Download(plan, status, files, problem=_GONE, fix=_RESUME)
    if progress is None or not status.active:
        return Download(plan, status, files)
    fresh = status is Status.RUNNING and time.time() - progress.at < _FRESH_S
    rate = progress.rate if fresh else 0.0
    missing = sum(file.size - file.done for file in files)
    return Download(
        plan,
        status,
        files,
        rate=rate,
        eta_s=time_left(missing, rate) if fresh else None,
        problem=progress.problem,
        retry_at=progress.retry_at,
    )


def _status(
    wanted: Wanted, outcome: Outcome | None, progress: Progress | None, *, owned: bool
) -> Status:
    if wanted is Wanted.CANCELLED:
        return Status.CANCELLED
    if outcome:
        return outcome.status
    if wanted is Wanted.PAUSED:
        return Status.PAUSED
    if owned:
        return progress.status if progress else Status.QUEUED
    starting = progress is not None and progress.status is Status.QUEUED
    if progress and starting and 0 <= time.time() - progress.at < STARTING_S:
        return Status.QUEUED
    return Status.INTERRUPTED


def _done(plan: Plan, file: Any, status: Status) -> int:
    if status is Status.DONE:
        return int(file.size)
    return 0 if status is Status.CANCELLED else space.here(plan, file)
