"""Adding downloads: what is wanted is checked, joined to what is there, recorded and started."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from termai.errors import NotFoundError, StorageError, TermaiError
from termai.jobs import store
from termai.models.downloads import known, places, records, space, steps
from termai.models.downloads.plan import Plan, PlannedFile, checked
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download, as_read, here, look
from termai.paths import models_dir, private_dir
from termai.text import one_line

if TYPE_CHECKING:
    from termai.models.hub import RepoFile, Repository, Variant

KEPT = 50  # downloads that are over and stay listed


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

    What is all there and verified is done at once, without a process. Raises OccupiedError where
    something that termai did not write is in a file's place and StorageError when there is no
    room, both before anything is written, and StartFailedError when no process can be started.
    """
    with steps.lock():
        if known.is_whole(plan):
            return _here(plan)
        places.check(plan)
        for found in reversed(records.plans()):
            if found.same_as(plan) and (joined := _joined(as_read(found), plan)):
                return joined
        space.check(plan, steps.spoken_for(Path(plan.directory)))
        recorded = _record(plan)
        try:
            return steps.start(recorded)
        except TermaiError:
            steps.forget(recorded)
            raise


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
        return steps.go_on(found)
    steps.drop(found)
    return None


def _here(plan: Plan) -> Download:
    """Return the download of files that are all here; one that was left unfinished is done so."""
    for found in map(as_read, reversed(records.plans())):
        same = found.plan.same_as(plan) and found.plan.files == plan.files
        if not same or found.status is Status.CANCELLED:
            continue
        if found.status is not Status.DONE:
            steps.stop(found)
            steps.conclude(found.plan)
        return look(found.plan)
    try:
        recorded = _record(plan)
        steps.conclude(recorded)
    except StorageError:  # it is here even where that cannot be written down
        return here(plan)
    return look(recorded)


def _record(plan: Plan) -> Plan:
    """Give a plan its id and write it where others see it."""
    _prune()
    named = replace(plan, id=records.take_id())
    directory = records.downloads_dir() / named.id
    staged = directory.with_name(f".{named.id}.new")
    try:
        private_dir(staged)
        records.write_plan(staged, named)
        staged.rename(directory)
    except (OSError, StorageError) as error:
        with suppress(OSError):
            store.discard(staged)
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{directory} could not be written: {error.strerror}.") from error
    return named


def _prune() -> None:
    over = [download for download in map(as_read, records.plans()) if download.status.over]
    for download in over[: max(0, len(over) - KEPT)]:
        steps.forget(download.plan)
