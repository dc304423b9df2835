"""The states of a job and the ways between them."""

from collections.abc import Mapping
from enum import StrEnum


class JobStatus(StrEnum):
    """What a job is doing; the last three are final.

    EXITED: the child ended with code 0 or was stopped on request. FAILED: it ended in any other
    way or could not be executed. LOST: runner and child are gone and nobody recorded how.
    """

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    BACKOFF = "backoff"
    EXITED = "exited"
    FAILED = "failed"
    LOST = "lost"


_S = JobStatus

FINAL = frozenset({_S.EXITED, _S.FAILED, _S.LOST})

TRANSITIONS: Mapping[JobStatus, frozenset[JobStatus]] = {
    _S.STARTING: frozenset({_S.RUNNING, _S.STOPPING, _S.FAILED, _S.LOST}),
    _S.RUNNING: frozenset({_S.STOPPING, _S.BACKOFF, _S.EXITED, _S.FAILED, _S.LOST}),
    _S.STOPPING: frozenset({_S.EXITED, _S.LOST}),
    _S.BACKOFF: frozenset({_S.STARTING, _S.STOPPING, _S.LOST}),
    _S.EXITED: frozenset(),
    _S.FAILED: frozenset(),
    _S.LOST: frozenset(),
}


def advance(old: JobStatus, new: JobStatus) -> JobStatus:
    """Return ``new``; raises ValueError when a job cannot go there from ``old``."""
    if new not in TRANSITIONS[old]:
        raise ValueError(f"a job cannot go from {old} to {new}")
    return new
