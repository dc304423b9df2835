"""What is done to a download while ``lock`` is held: its process, its files, its record."""

import sys
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from termai import locks
from termai.errors import StorageError, TermaiError, UsageError
from termai.jobs import control as jobs
from termai.jobs import store
from termai.jobs.records import Job
from termai.models.downloads import known, partial, records, space
from termai.models.downloads.owner import is_owned
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import Outcome, Progress, Wanted
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, as_read, look
from termai.paths import models_dir

KIND = "download"
RESTARTS = 5  # how often a process that crashed is started again
_GRACE_S = 2.0  # seconds that a process may take to end when it is asked to
_FREE_S = 10.0  # seconds after which an ended process must have let go


def lock() -> AbstractContextManager[None]:
    """Keep other programs from changing downloads meanwhile; raises as ``locks.lock`` does."""
    return locks.lock("downloads")


def start(plan: Plan) -> Download:
    """Start the process that works on a plan."""
    directory = records.downloads_dir() / plan.id
    records.write_progress(directory, Progress(Status.QUEUED, time.time()))
    jobs.launch(
        KIND,
        f"download-{plan.id}",
        [sys.executable, "-P", "-m", "termai.models.downloads.worker", str(directory)],
        env={"HF_ENDPOINT": plan.endpoint},
        grace_s=_GRACE_S,
        log_limit_bytes=1 << 20,
        max_restarts=RESTARTS,
        meta={"download": plan.id},
    )
    _remove_jobs(plan.id)
    return look(plan)


def go_on(download: Download) -> Download:
    """Start the process of a download that has none, unless all of it is here.

    Raises StorageError when there is no room.
    """
    if download.status.active:
        return download
    if known.is_whole(download.plan):
        conclude(download.plan)
        return look(download.plan)
    directory = directory_of(download)
    space.check(download.plan, spoken_for(download.directory))
    records.forget_outcome(directory)
    records.want(directory, Wanted.RUN)
    return start(download.plan)


def conclude(plan: Plan) -> None:
    """Record that a download whose files are all here is done; raises StorageError."""
    directory = records.downloads_dir() / plan.id
    _remove_partials(plan)
    records.want(directory, Wanted.RUN)
    records.write_outcome(directory, Outcome(Status.DONE, time.time()))


def stop(download: Download) -> None:
    """Return once no process works on the download."""
    for job in living_jobs(download):
        jobs.stop(job, grace_s=_GRACE_S)
    deadline = time.monotonic() + _FREE_S
    while is_owned(directory_of(download)):
        if time.monotonic() > deadline:
            raise UsageError(f"A process of another kind works on {download.name}.")
        time.sleep(0.02)


def drop(download: Download) -> None:
    """Cancel a download unless it ends meanwhile; on a full disk what is there of it goes first."""
    directory = directory_of(download)
    with suppress(StorageError):
        records.want(directory, Wanted.CANCELLED)
    stop(download)
    ended = records.read_outcome(directory)
    if ended and ended.status is Status.DONE:
        records.want(directory, Wanted.RUN)
        return
    _remove_partials(download.plan)
    records.want(directory, Wanted.CANCELLED)


def forget(plan: Plan) -> None:
    """Remove the record of a download that is over; what cannot be removed stays listed."""
    _remove_jobs(plan.id)
    with suppress(OSError):
        store.discard(records.downloads_dir() / plan.id)


def spoken_for(directory: Path) -> int:
    """Return the bytes that downloads at work still bring to the same disk."""
    return sum(
        d.bytes_total - d.bytes_done
        for d in map(as_read, records.plans())
        if d.status.active and space.same_disk(d.directory, directory)
    )


def living_jobs(download: Download) -> list[Job]:
    """Return the jobs that work on a download or are about to."""
    return [
        job
        for job in store.list_jobs(KIND)
        if job.alive and job.spec.meta.get("download") == download.id
    ]


def _remove_partials(plan: Plan) -> None:
    """Remove what was received, except what another download goes on with."""
    others = [one for one in records.plans() if one.id != plan.id]
    wanted = {
        str(other.partial(file))
        for other in others
        if not as_read(other).status.over
        for file in other.files
    }
    for file in plan.files:
        path = plan.partial(file)
        if str(path) not in wanted:
            partial.discard(path)
        partial.remove_empty(path.parent, models_dir())


def _remove_jobs(download_id: str) -> None:
    """Remove the ended processes of a download and of those that are over, with their logs."""
    kept = {one.id for one in map(as_read, records.plans()) if not one.status.over} - {download_id}
    for job in store.list_jobs(KIND):
        if not job.alive and job.spec.meta.get("download") not in kept:
            with suppress(TermaiError):
                store.remove(job)


def directory_of(download: Download) -> Path:
    """Return where the download is recorded."""
    return records.downloads_dir() / download.id
