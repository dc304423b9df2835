"""Which version of a profile ran well: the one from which a server became ready."""

import time

from termai.errors import TermaiError
from termai.jobs import store
from termai.jobs.records import Job
from termai.profiles import history
from termai.profiles.schema import option
from termai.servers import facts as known_facts
from termai.servers.overriding import is_live
from termai.servers.records import KIND, Server

MARKED = "ran-well"
"""A file in a job's directory that says that its profile's history knows of it."""

_HARMLESS = frozenset({"host", "port", "port_strict"})


def note(server: Server) -> None:
    """Note in its profile's history that a server became ready; never raises.

    Nothing is noted of one whose profile was never saved, or that was started with other values
    than the saved ones where they decide whether and how it runs.
    """
    if server.facts.ready:
        _note(server.job)


def collect(profile: str = "") -> None:
    """Note what became ready while nobody looked: of one profile, or of all; never raises."""
    try:
        jobs = store.list_jobs(KIND)
    except (TermaiError, OSError):
        return
    for job in jobs:
        named = not profile or job.spec.meta.get("profile") == profile
        if named and _tellable(job) and known_facts.snapshot(job).facts.ready:
            _note(job)


def _tellable(job: Job) -> bool:
    """Return whether something is still to be noted of a job that was ready."""
    meta = job.spec.meta
    given = meta.get("overrides")
    as_saved = isinstance(given, list) and all(_is_harmless(key) for key in given)
    return bool(meta.get("revision")) and as_saved and not (job.directory / MARKED).exists()


def _is_harmless(key: object) -> bool:
    try:
        return key in _HARMLESS or is_live(option(str(key)))
    except TermaiError:
        return False


def _note(job: Job) -> None:
    if not _tellable(job):
        return
    meta = job.spec.meta
    at = job.state.started_at or time.time()
    try:
        history.mark_ran_well(str(meta.get("profile", "")), str(meta["revision"]), at)
        (job.directory / MARKED).touch(mode=0o600)
    except (TermaiError, OSError):
        return
