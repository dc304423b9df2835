"""Whether the jobs that outlive the terminal are still known: servers, downloads, builds."""

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from termai.environment.finding import Finding, Verdict
from termai.jobs import store
from termai.jobs.records import Job
from termai.jobs.states import JobStatus
from termai.paths import jobs_dir
from termai.text import one_line

NAME = "jobs"
_NAMED = 4  # jobs that a sentence names


def look() -> Iterator[Finding]:
    """Yield what runs, jobs without their keeper, and records that cannot be read."""
    jobs = store.list_jobs()
    yield _running(jobs)
    unwatched = [job for job in jobs if job.alive and job.state.runner is None]
    if unwatched:
        yield _unwatched(unwatched)
    for number, (directory, why) in enumerate(store.broken_jobs()):
        name = "job record" if not number else f"job record {number + 1}"
        if directory == jobs_dir() or not _is_readable(directory):
            yield _closed(name, directory, why)
        else:
            yield _broken(name, directory, why, held=_is_used(directory))


def _running(jobs: Sequence[Job]) -> Finding:
    alive = [job for job in jobs if job.alive]
    lost = {job.name for job in jobs if job.state.status is JobStatus.LOST}
    names = f": {_named(alive)}" if alive else ""
    more = f" Of {len(lost)} nobody saw the end, as after a power cut." if lost else ""
    return Finding(NAME, Verdict.OK, f"{len(alive)} running{names}.{more}")


def _unwatched(jobs: Sequence[Job]) -> Finding:
    return Finding(
        "unwatched jobs",
        Verdict.WARNING,
        f"Nobody keeps the log of {_named(jobs)} or will record the end.",
        "Restart it: `termai restart NAME` for a server.",
        cause="The small process that watches a job was killed.",
    )


def _broken(name: str, directory: Path, why: str, *, held: bool) -> Finding:
    command = "" if held else f"rm -r {shlex.quote(str(directory))}"
    fix = (
        "Its processes still run: stop them by hand, then remove the directory."
        if held
        else f"Remove the record and its log: `{command}`."
    )
    return Finding(
        name,
        Verdict.WARNING,
        f"{one_line(why, 300).rstrip('.')}.",
        fix,
        path=str(directory),
        cause="The file was changed, or the disk lost what was written.",
        command=command,
    )


def _closed(name: str, directory: Path, why: str) -> Finding:
    """Return the finding of what may be whole and is closed to this user: nothing is removed."""
    return Finding(
        name,
        Verdict.WARNING,
        f"{one_line(why, 300).rstrip('.')}.",
        "Mend its permissions or its owner, so that what runs is known.",
        path=str(directory),
    )


def _is_readable(directory: Path) -> bool:
    """Tell whether nothing of a record is kept from this user by permissions."""
    files = [directory, *(directory / name for name in ("spec.json", "state.json"))]
    return all(os.access(file, os.R_OK) or not os.path.lexists(file) for file in files)


def _is_used(directory: Path) -> bool:
    """Tell whether a process has the job's directory in its command line, or writes its log."""
    import psutil

    inside = f"{directory}/"
    for process in psutil.process_iter(["cmdline"]):
        if str(directory) in (process.info["cmdline"] or ()):
            return True
        if _output(process.pid).startswith(inside):
            return True
    return False


def _output(pid: int) -> str:
    """Return what a process writes its standard output to, empty where that is not told."""
    try:
        return os.readlink(f"/proc/{pid}/fd/1")  # noqa: PTH115
    except OSError:
        return ""


def _named(jobs: Sequence[Job]) -> str:
    names = [one_line(job.name, 40) for job in jobs[:_NAMED]]
    more = f" and {len(jobs) - _NAMED} more" if len(jobs) > _NAMED else ""
    return ", ".join(names) + more
