"""The jobs on disk, each checked against the processes that live now."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.jobs import records
from termai.jobs.processes import is_alive
from termai.jobs.records import Exit, Job, JobState
from termai.jobs.states import FINAL, JobStatus, advance
from termai.paths import jobs_dir

STAGED = ".new"  # suffix of a directory whose runner has not recorded itself yet
REMOVED = ".removed"  # suffix of a directory that is being deleted
LEFT_OVER_S = 3600.0  # age in seconds from which such a directory belongs to nobody


def list_jobs(kind: str | None = None) -> list[Job]:
    """Return the jobs, newest first, leaving out those whose files do not parse.

    A job whose runner is gone is adopted: its child's pid and start time must agree with the
    state file.
    """
    jobs = [found for found in map(_try_load, _directories()) if isinstance(found, Job)]
    chosen = [job for job in jobs if kind is None or job.spec.kind == kind]
    return sorted(chosen, key=lambda job: (job.spec.created_at, job.id), reverse=True)


def broken_jobs() -> list[tuple[Path, str]]:
    """Return the directories whose files do not parse, which are left alone, and why.

    Where the jobs cannot even be listed, that is the one directory returned.
    """
    try:
        found = [(directory, _try_load(directory)) for directory in _listed()]
    except FileNotFoundError:
        return []
    except OSError as error:
        return [(jobs_dir(), f"{jobs_dir()} cannot be read: {error.strerror}.")]
    return [(directory, str(error)) for directory, error in found if isinstance(error, TermaiError)]


def load_job(job_id: str) -> Job:
    """Return a job by its id; raises NotFoundError and InvalidFileError."""
    if not job_id or job_id.startswith(".") or "/" in job_id:
        raise NotFoundError(f"There is no job {job_id!r}.")
    return _load(jobs_dir() / job_id)


def refresh(job: Job) -> Job:
    """Return the job as it is now; raises NotFoundError when it was removed meanwhile."""
    return _load(job.directory)


def remove(job: Job) -> None:
    """Delete an ended job with its log; raises UsageError while it is alive."""
    if refresh(job).alive:
        raise UsageError(f"{job.name} is still running.", fix="Stop it first.")
    try:
        discard(job.directory)
    except OSError as error:
        raise StorageError(f"{job.directory} could not be removed: {error.strerror}.") from error


def discard(directory: Path) -> None:
    """Delete a job's directory, out of sight first, so that nobody sees half of it."""
    import shutil

    doomed = directory.with_name(f".{directory.name.lstrip('.')}{REMOVED}")
    try:
        directory.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed)


def prune(keep: int) -> None:
    """Remove the oldest ended jobs of each kind and name beyond the ``keep`` newest.

    Removes as well what programs killed during a launch or a removal left over. What cannot be
    removed now is left for the next time.
    """
    _sweep()
    seen: dict[tuple[str, str], int] = {}
    for job in list_jobs():
        if job.alive:
            continue
        key = (job.spec.kind, job.name)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > keep:
            _remove_if_there(job)


@contextmanager
def job_lock(job: Job, *, timeout_s: float = 60.0) -> Iterator[None]:
    """Hold the lock of one job, which needs no room on the disk; raises as ``locks.lock`` does."""
    from termai.locks import held

    try:
        descriptor = os.open(job.directory, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise NotFoundError(f"There is no job {job.id!r} any more.") from error
    with held(descriptor, job.name, timeout_s):
        yield


def _sweep() -> None:
    import shutil
    import time

    for suffix in (STAGED, REMOVED):
        for directory in jobs_dir().glob(f".*{suffix}"):
            with suppress(FileNotFoundError):  # another program was faster
                if time.time() - directory.stat().st_mtime > LEFT_OVER_S:
                    shutil.rmtree(directory, ignore_errors=True)


def _directories() -> list[Path]:
    try:
        return _listed()
    except OSError:
        return []


def _listed() -> list[Path]:
    """Return the directories of all jobs; raises OSError where they cannot be listed."""
    directory = jobs_dir()
    names = os.listdir(directory)  # noqa: PTH208
    return [directory / name for name in names if not name.startswith(".")]


def _try_load(directory: Path) -> Job | TermaiError | None:
    try:
        return _load(directory)
    except (NotFoundError, InvalidFileError) as error:
        return error if os.path.isdir(directory) else None  # noqa: PTH112


def _load(directory: Path) -> Job:
    spec = records.read_spec(directory)
    if spec.id != directory.name:
        raise InvalidFileError(f"{directory / records.SPEC_FILE}: id: expected {directory.name!r}.")
    return Job(directory, spec, _checked(directory, records.read_state(directory)))


def _checked(directory: Path, state: JobState) -> JobState:
    """Return ``state`` corrected by which of its processes live.

    The state is read again once both are seen dead: a runner writes before it ends, so what is
    on disk then is final.
    """
    if state.status in FINAL or is_alive(state.runner):
        return state
    if is_alive(state.child):
        return _adopted(state)
    state = records.read_state(directory)
    if state.status in FINAL or is_alive(state.runner):
        return state
    return _adopted(state) if is_alive(state.child) else _lost(directory, state)


def _adopted(state: JobState) -> JobState:
    starting = state.status is JobStatus.STARTING
    status = advance(state.status, JobStatus.RUNNING) if starting else state.status
    return state._replace(status=status, runner=None)


def _lost(directory: Path, state: JobState) -> JobState:
    status = advance(state.status, JobStatus.LOST)
    end = state.exit or Exit(None, None, "unknown")
    return state._replace(
        status=status, runner=None, child=None, ended_at=_last_sign(directory), exit=end
    )


def _last_sign(directory: Path) -> float | None:
    """Return when the log was last written to: the best guess at when its writer ended."""
    try:
        return (directory / records.LOG_FILE).stat().st_mtime
    except OSError:
        return None


def _remove_if_there(job: Job) -> None:
    with suppress(NotFoundError, UsageError, StorageError):
        remove(job)
