"""Adding, pausing, resuming and cancelling downloads from any program of the user."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from termai import locks
from termai.errors import NotFoundError, StorageError, TermaiError, UsageError
from termai.jobs import control as jobs
from termai.jobs import store
from termai.jobs.records import Job
from termai.models.downloads import partial, records, space
from termai.models.downloads.owner import is_owned
from termai.models.downloads.plan import Plan, PlannedFile, checked
from termai.models.downloads.records import Progress, Wanted
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, look
from termai.paths import models_dir, private_dir
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.hub import RepoFile, Repository, Variant

KIND = "download"
KEPT = 50  # downloads that are over and stay listed
RESTARTS = 5  # how often a process that crashed is started again
_GRACE_S = 2.0  # seconds that a process may take to end when it is asked to
_FREE_S = 10.0  # seconds after which an ended process must have let go
_LOOK_S = 0.1
_RESTART_LOOKS = round(90 / _LOOK_S)  # a runner waits up to 60 s before it starts a child again


def plan_of(
    repo: str,
    commit: str,
    files: Sequence[PlannedFile],
    *,
    endpoint: str,
    variant: str = "",
    directory: Path | None = None,
) -> Plan:
    """Return a plan that is checked and has no id yet.

    ``directory`` is by default ``models_dir()/ORG/NAME``. Raises UsageError for names and
    sizes that no hub should give.
    """
    plan = Plan(
        id="",
        repo=repo,
        commit=commit,
        endpoint=endpoint.rstrip("/"),
        variant=variant,
        directory=str(directory or Path(models_dir(), *repo.split("/"))),
        files=tuple(files),
        added_at=time.time(),
    )
    return checked(plan)


def add(
    repository: "Repository",
    variant: "Variant",
    *,
    projector: bool = True,
    directory: Path | None = None,
) -> Download:
    """Download a quantization with the projector that goes with it.

    Raises as ``add_plan`` does, and AccessError and UnreachableError where a gated or private
    repository does not let this account have the files.
    """
    beside = variant.projectors[:1] if projector else ()
    return _add(repository, (*variant.files, *beside), variant.name, directory)


def add_files(
    repository: "Repository", paths: Sequence[str], *, directory: Path | None = None
) -> Download:
    """Download single files of a repository; raises as ``add`` does, and NotFoundError."""
    known = {file.path: file for file in repository.files}
    for path in paths:
        if path not in known:
            raise NotFoundError(
                f"{repository.id} has no file {one_line(path, 120)}.",
                fix=f"{repository.page} shows its files.",
            )
    files = [known[path] for path in dict.fromkeys(paths)]
    called = files[0].path.rpartition("/")[2] if len(files) == 1 else f"{len(files)} files"
    return _add(repository, files, called, directory)


def add_plan(plan: Plan) -> Download:
    """Start a download, or join the one that brings the same files to the same place.

    Raises StorageError when there is no room for it, before anything is written.
    """
    with _lock():
        for known in reversed(records.plans()):
            if known.same_as(plan) and (joined := _joined(look(known), plan)):
                return joined
        space.check(plan, _spoken_for(Path(plan.directory)))
        return _start(_record(plan))


def list_downloads() -> tuple[Download, ...]:
    """Return all downloads, the oldest first; those whose records do not parse are left out."""
    return tuple(look(plan) for plan in records.plans())


def get(name: str) -> Download:
    """Return the download with this id, or the only one whose name or repository it is.

    Raises NotFoundError, and UsageError when several have that name.
    """
    if records.is_id(name):
        with suppress(NotFoundError):
            return look(records.read_plan(records.directory_of(name)))
    found = [d for d in list_downloads() if name in _names(d)]
    going_on = [d for d in found if not d.status.over]
    chosen = going_on or found[-1:]
    if not chosen:
        raise NotFoundError(f"There is no download {name!r}.", fix="`termai downloads` lists them.")
    if len(chosen) > 1:
        listed = ", ".join(f"{d.id} ({d.name})" for d in chosen)
        raise UsageError(f"Several downloads are called {name}.", fix=f"Give a number: {listed}.")
    return chosen[0]


def pause(download: Download) -> Download:
    """Stop a download until it is resumed; what is there stays. Raises UsageError if it is over.

    One that failed or is paused already is left as it is.
    """
    with _lock():
        download = _refused_if_over(look(download.plan), "paused")
        if download.status in (Status.FAILED, Status.PAUSED):
            return download
        records.want(_directory(download), Wanted.PAUSED)
        _stop(download)
        return look(download.plan)


def resume(download: Download) -> Download:
    """Go on at the byte; one that is at work is left alone. Raises UsageError if it is over."""
    with _lock():
        download = _refused_if_over(look(download.plan), "resumed")
        return _go_on(download)


def cancel(download: Download) -> Download:
    """Stop a download for good and remove what is there of it; raises UsageError if it is done."""
    with _lock():
        download = look(download.plan)
        if download.status is Status.DONE:
            raise UsageError(
                f"{download.name} is done.", fix="`termai models remove` removes a model."
            )
        _drop(download)
        return look(download.plan)


def clear() -> tuple[Download, ...]:
    """Take what is done or cancelled off the list and return it; no model is removed."""
    with _lock():
        over = tuple(download for download in list_downloads() if download.status.over)
        for download in over:
            _forget(download.plan)
    return over


def forget(download: Download) -> None:
    """Take one download that is done or cancelled off the list; raises UsageError otherwise."""
    with _lock():
        if not look(download.plan).status.over:
            raise UsageError(f"{download.name} is not over.", fix="Cancel it first.")
        _forget(download.plan)


def revive() -> tuple[Download, ...]:
    """Go on with what was interrupted, as after a reboot, and return it."""
    lost = [d for d in list_downloads() if d.status is Status.INTERRUPTED]
    revived: list[Download] = []
    for download in lost:
        with suppress(TermaiError):
            revived.append(resume(download))
    return tuple(revived)


def wait(
    download: Download,
    *,
    on_progress: Callable[[Download], None] = lambda _: None,
    timeout_s: float | None = None,
) -> Download:
    """Return the download once nobody works on it any more, however that came.

    ``on_progress`` is called with each look, several times a second. After ``timeout_s``
    seconds returns it as it is then.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    interrupted = 0
    while True:
        download = look(download.plan)
        on_progress(download)
        interrupted = interrupted + 1 if download.status is Status.INTERRUPTED else 0
        restarting = interrupted and interrupted < _RESTART_LOOKS and _living_jobs(download)
        if not download.status.active and not restarting:
            return download
        if deadline is not None and time.monotonic() >= deadline:
            return download
        time.sleep(_LOOK_S)


def _add(
    repository: "Repository", files: Sequence["RepoFile"], variant: str, directory: Path | None
) -> Download:
    if repository.gated or repository.private:
        from termai.models.hub import resolve

        resolve(repository.id, repository.commit, files[0].path)  # or it says what is missing
    wanted = [
        PlannedFile(file.path, file.size, file.sha256, "" if file.sha256 else file.oid)
        for file in files
    ]
    return add_plan(
        plan_of(
            repository.id,
            repository.commit,
            wanted,
            endpoint=repository.endpoint,
            variant=variant,
            directory=directory,
        )
    )


def _joined(found: Download, plan: Plan) -> Download | None:
    """Return what is to be done instead of starting ``plan``, None when it has to be started.

    One that is at work keeps its commit; one that is not gives way to other contents.
    """
    if found.status.active:
        return found
    same = found.plan.files == plan.files
    if found.status is Status.CANCELLED or (found.status is Status.DONE and not same):
        return None
    if same:
        return _again(found) if found.status is Status.DONE else _go_on(found)
    _drop(found)
    return None


def _names(download: Download) -> tuple[str, ...]:
    return (download.name, download.repo, download.repo.rpartition("/")[2], download.path.name)


def _refused_if_over(download: Download, what: str) -> Download:
    if download.status.over:
        raise UsageError(f"{download.name} is {download.status} and cannot be {what}.")
    return download


def _drop(download: Download) -> None:
    """Cancel a download unless it ends meanwhile; on a full disk what is there of it goes first."""
    directory = _directory(download)
    with suppress(StorageError):
        records.want(directory, Wanted.CANCELLED)
    _stop(download)
    ended = records.read_outcome(directory)
    if ended and ended.status is Status.DONE:
        records.want(directory, Wanted.RUN)
        return
    _remove_partials(download.plan)
    records.want(directory, Wanted.CANCELLED)


def _go_on(download: Download) -> Download:
    if download.status.active:
        return download
    directory = _directory(download)
    space.check(download.plan, _spoken_for(download.directory))
    records.forget_outcome(directory)
    records.want(directory, Wanted.RUN)
    return _start(download.plan)


def _again(download: Download) -> Download:
    """Check a finished download anew: what stands there is right, or is fetched again."""
    if all(space.here(download.plan, file) == file.size for file in download.plan.files):
        return download
    return _go_on(download)


def _start(plan: Plan) -> Download:
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
    _remove_jobs(plan)
    return look(plan)


def _record(plan: Plan) -> Plan:
    """Give a plan its id and write it where others see it."""
    _prune()
    number = max((int(one) for one in records.ids()), default=0) + 1
    named = Plan(
        str(number),
        plan.repo,
        plan.commit,
        plan.endpoint,
        plan.variant,
        plan.directory,
        plan.files,
        plan.added_at,
    )
    directory = records.downloads_dir() / named.id
    staged = directory.with_name(f".{named.id}.new")
    try:
        private_dir(staged)
        records.write_plan(staged, named)
        os.replace(staged, directory)  # noqa: PTH105
    except OSError as error:
        raise StorageError(f"{directory} could not be written: {error.strerror}.") from error
    return named


def _stop(download: Download) -> None:
    """Return once no process works on the download."""
    for job in _living_jobs(download):
        jobs.stop(job, grace_s=_GRACE_S)
    deadline = time.monotonic() + _FREE_S
    while is_owned(_directory(download)):
        if time.monotonic() > deadline:
            raise UsageError(f"A process of another kind works on {download.name}.")
        time.sleep(0.02)


def _living_jobs(download: Download) -> list[Job]:
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
        if not look(other).status.over
        for file in other.files
    }
    for file in plan.files:
        path = plan.partial(file)
        if str(path) not in wanted:
            partial.discard(path)
        partial.remove_empty(path.parent, models_dir())


def _spoken_for(directory: Path) -> int:
    """Return the bytes that downloads at work still bring to the same disk."""
    return sum(
        d.bytes_total - d.bytes_done
        for d in list_downloads()
        if d.status.active and space.same_disk(d.directory, directory)
    )


def _prune() -> None:
    over = [download for download in list_downloads() if download.status.over]
    for download in over[: max(0, len(over) - KEPT)]:
        _forget(download.plan)


def _forget(plan: Plan) -> None:
    _remove_jobs(plan)
    with suppress(OSError):
        store.discard(records.downloads_dir() / plan.id)


def _remove_jobs(plan: Plan) -> None:
    """Remove the ended processes of a download with their logs."""
    for job in store.list_jobs(KIND):
        if job.spec.meta.get("download") == plan.id and not job.alive:
            with suppress(TermaiError):
                store.remove(job)


def _directory(download: Download) -> Path:
    return records.downloads_dir() / download.id


def _lock() -> AbstractContextManager[None]:
    return locks.lock("downloads")
