"""Listing, pausing, resuming and cancelling downloads from any program of the user."""

import time
from collections.abc import Callable
from contextlib import suppress

from termai.errors import NotFoundError, TermaiError, UsageError
from termai.models.downloads import known, records, steps
from termai.models.downloads.adding import add, add_files, add_plan, plan_of
from termai.models.downloads.plan import Plan
from termai.models.downloads.records import Wanted
from termai.models.downloads.states import Status
from termai.models.downloads.steps import KIND
from termai.models.downloads.view import Download, as_read, here, look

__all__ = [
    "KIND",
    "add",
    "add_files",
    "add_plan",
    "cancel",
    "clear",
    "forget",
    "get",
    "list_downloads",
    "pause",
    "plan_of",
    "resume",
    "revive",
    "wait",
]

_LOOK_S = 0.1
_RESTART_LOOKS = round(90 / _LOOK_S)  # a runner waits up to 60 s before it starts a child again


def list_downloads() -> tuple[Download, ...]:
    """Return all downloads, the oldest first; those whose records do not parse are left out."""
    return tuple(as_read(plan) for plan in records.plans())


def get(name: str) -> Download:
    """Return the download with this id, or the only one whose name or repository it is.

    Raises NotFoundError, and UsageError when several have that name.
    """
    if records.is_id(name):
        with suppress(NotFoundError):
            return as_read(records.read_plan(records.directory_of(name)))
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
    with steps.lock():
        download = _refused_if_over(look(download.plan), "paused")
        if download.status in (Status.FAILED, Status.PAUSED):
            return download
        records.want(steps.directory_of(download), Wanted.PAUSED)
        steps.stop(download)
        return look(download.plan)


def resume(download: Download) -> Download:
    """Go on at the byte; one that is at work is left alone. Raises UsageError if it is over."""
    with steps.lock():
        download = _refused_if_over(look(download.plan), "resumed")
        return steps.go_on(download)


def cancel(download: Download) -> Download:
    """Stop a download for good and remove what is there of it; raises UsageError if it is done."""
    with steps.lock():
        download = look(download.plan)
        if download.status is Status.DONE:
            raise UsageError(
                f"{download.name} is done.", fix="`termai models remove` removes a model."
            )
        steps.drop(download)
        return look(download.plan)


def clear() -> tuple[Download, ...]:
    """Take what is done or cancelled off the list and return it; no model is removed."""
    with steps.lock():
        over = tuple(download for download in list_downloads() if download.status.over)
        for download in over:
            steps.forget(download.plan)
    return over


def forget(download: Download) -> None:
    """Take one download that is done or cancelled off the list; raises UsageError otherwise."""
    with steps.lock():
        if not look(download.plan).status.over:
            raise UsageError(f"{download.name} is not over.", fix="Cancel it first.")
        steps.forget(download.plan)


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

    One that was taken off the list meanwhile is done when its files are here and verified; else
    raises NotFoundError.

    ``on_progress`` is called with each look, several times a second. After ``timeout_s``
    seconds returns it as it is then.
    """
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    interrupted = 0
    while True:
        download = _awaited(download.plan)
        on_progress(download)
        interrupted = interrupted + 1 if download.status is Status.INTERRUPTED else 0
        restarting = interrupted and interrupted < _RESTART_LOOKS and steps.living_jobs(download)
        if not download.status.active and not restarting:
            return download
        if deadline is not None and time.monotonic() >= deadline:
            return download
        time.sleep(_LOOK_S)


def _awaited(plan: Plan) -> Download:
    try:
        return look(plan)
    except NotFoundError:
        if known.is_whole(plan):
            return here(plan)
        raise


def _names(download: Download) -> tuple[str, ...]:
    return (download.name, download.repo, download.repo.rpartition("/")[2], download.path.name)


def _refused_if_over(download: Download, what: str) -> Download:
    if download.status.over:
        raise UsageError(f"{download.name} is {download.status} and cannot be {what}.")
    return download
