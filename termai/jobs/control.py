"""Starting and stopping jobs from any program of the user."""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGTERM
from typing import Any

from termai.errors import StartFailedError, StorageError
from termai.jobs import records
from termai.jobs.processes import ProcessId, is_alive, send_signal
from termai.jobs.records import Job, JobSpec
from termai.jobs.states import JobStatus
from termai.jobs.store import STAGED, discard, job_lock, load_job, refresh
from termai.paths import expanded, jobs_dir

ANSWER_S = 60.0  # seconds a runner may take to say that it started the child
HEARD_S = 1.0  # seconds a runner may take to record that it was asked to stop
KILLED_S = 10.0  # seconds a killed process may take to vanish
_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); from termai.jobs.runner import main; \
sys.exit(main(sys.argv[1:]))"


def launch(
    kind: str,
    name: str,
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    unset_env: Sequence[str] = (),
    grace_s: float = 10.0,
    log_limit_bytes: int = 64 << 20,
    max_restarts: int = 0,
    meta: Mapping[str, Any] | None = None,
) -> Job:
    """Start ``argv`` as a job that outlives this program, its terminal and its session.

    It runs in ``cwd``, by default the home directory. Returns once the runner has recorded that
    the child runs, or that it could not be executed (the job is then FAILED). Raises
    StorageError when the job cannot be recorded, and StartFailedError when no runner could be
    started.
    """
    spec = JobSpec(
        id=_new_id(),
        kind=kind,
        name=name,
        argv=tuple(argv),
        cwd=str(cwd or _home()),
        env=dict(env or {}),
        unset_env=tuple(unset_env),
        grace_s=grace_s,
        log_limit_bytes=log_limit_bytes,
        max_restarts=max_restarts,
        created_at=time.time(),
        meta=dict(meta or {}),
    )
    staged = jobs_dir() / f".{spec.id}{STAGED}"
    try:
        records.write_spec(staged, spec)
        _start_runner(jobs_dir() / spec.id)
    except StorageError:
        _clear_away(staged, jobs_dir() / spec.id)
        raise
    except StartFailedError:
        _clear_away(staged)
        raise
    return load_job(spec.id)


def stop(job: Job, *, grace_s: float | None = None, wait: bool = True) -> Job:
    """Stop a job: SIGTERM to its child's whole process group, SIGKILL after the grace.

    ``grace_s`` shortens the job's own grace. A job whose runner is gone gets a new one first.
    With ``wait`` returns when it ended, else as soon as it was asked to. Raises
    StartFailedError when it does not end even so.
    """
    grace = job.spec.grace_s + 1.0 if grace_s is None else min(grace_s, job.spec.grace_s)
    job, runner = _ask_to_stop(job)
    deadline = time.monotonic() + grace
    while wait and job.alive and time.monotonic() < deadline + KILLED_S:
        if _gone(runner, deadline):
            job, runner = _ask_to_stop(job)
        elif runner:
            _tell(runner)
            _gone(runner, deadline + KILLED_S)
            job = refresh(job)
    if wait and job.alive:
        raise StartFailedError(
            f"{job.name} did not end after SIGKILL.",
            fix="The kernel is holding it, usually in a driver; look at dmesg.",
        )
    return job


def adopt(job: Job) -> Job:
    """Give a living job whose runner is gone a new runner, so that its log stays bounded."""
    if job.alive and not is_alive(job.state.runner):
        with job_lock(job):
            _runner_of(refresh(job))
    return refresh(job)


def _ask_to_stop(job: Job) -> tuple[Job, ProcessId | None]:
    """Make sure that a living job has a runner and that it was asked once, by whomever."""
    with job_lock(job):
        job = refresh(job)
        runner = _runner_of(job)
        if runner and not _heard(job):
            _tell(runner)
            deadline = time.monotonic() + HEARD_S
            while not _heard(job := refresh(job)) and time.monotonic() < deadline:
                time.sleep(0.01)
        return job, runner


def _tell(runner: ProcessId) -> None:
    """Ask a runner to stop its job, also one that is itself suspended."""
    send_signal(runner, SIGTERM)
    send_signal(runner, SIGCONT)


def _heard(job: Job) -> bool:
    return not job.alive or job.state.status is JobStatus.STOPPING


def _runner_of(job: Job) -> ProcessId | None:
    """Return the runner of a living job, starting one when it is gone."""
    if not job.alive or is_alive(job.state.runner):
        return job.state.runner
    return _start_runner(job.directory, "--adopt")


def _gone(runner: ProcessId | None, deadline: float) -> bool:
    """Wait until a runner has recorded the end and gone; False when it did not in time."""
    while is_alive(runner):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _start_runner(directory: Path, *options: str) -> ProcessId:
    """Start a runner and return who it is; raises StorageError and StartFailedError."""
    import subprocess

    package = Path(__file__).parents[2]
    argv = [sys.executable, "-S", "-P", "-c", _BOOT, str(package), str(directory), *options]
    try:
        starter = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise StartFailedError(
            f"No job runner could be started: {error.strerror}.",
            fix="The machine may be out of memory or processes.",
        ) from error
    with starter:
        answer = _answer(starter.stdout.fileno()) if starter.stdout else {}
    if answer.get("answer") == "failed":
        raise StorageError(str(answer.get("sentence")))
    if answer.get("answer") != "ok":
        raise StartFailedError("The job runner ended before it started anything.")
    return ProcessId(*answer["runner"])


def _answer(descriptor: int) -> dict[str, Any]:
    import json
    import select

    deadline = time.monotonic() + ANSWER_S
    found = b""
    while not found.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(descriptor, 65536) if ready else b""
        if not piece:
            break
        found += piece
    return dict(json.loads(found)) if found.endswith(b"\n") else {}


def _clear_away(*directories: Path) -> None:
    for directory in directories:
        with suppress(OSError):
            discard(directory)


def _home() -> Path:
    """Return the home directory, or the root where an account has none."""
    home = expanded("~")
    return home if home.is_dir() else Path("/")


def _new_id() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.urandom(4).hex()}"
