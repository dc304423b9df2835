"""Starting and stopping jobs from any program of the user."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from termai.errors import StartFailedError, StorageError
from termai.jobs import records
from termai.jobs.processes import ProcessId, is_alive, send_signal
from termai.jobs.records import Job, JobSpec
from termai.jobs.states import JobStatus
from termai.jobs.store import STAGED, load_job, lock, refresh
from termai.paths import jobs_dir, private_dir

ANSWER_S = 60.0  # seconds a runner may take to say that it started the child
KILLED_S = 10.0  # seconds a killed process may take to vanish
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from termai.jobs.runner import main; \
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

    Returns once the runner has recorded that the child runs, or that it could not be executed
    (the job is then FAILED). Raises StorageError when the job cannot be recorded, and
    StartFailedError when no runner could be started.
    """
    spec = JobSpec(
        id=_new_id(),
        kind=kind,
        name=name,
        argv=tuple(argv),
        cwd=str(cwd or Path.home()),
        env=dict(env or {}),
        unset_env=tuple(unset_env),
        grace_s=grace_s,
        log_limit_bytes=log_limit_bytes,
        max_restarts=max_restarts,
        created_at=time.time(),
        meta=dict(meta or {}),
    )
    staged = private_dir(jobs_dir()) / f".{spec.id}{STAGED}"
    try:
        records.write_spec(staged, spec)
        _start_runner(jobs_dir() / spec.id)
    finally:
        _discard(staged)
    return load_job(spec.id)


def stop(job: Job, *, grace_s: float | None = None, wait: bool = True) -> Job:
    """Stop a job: SIGTERM to its child's whole process group, SIGKILL after the grace.

    ``grace_s`` shortens the job's own grace. A job whose runner is gone gets a new one first.
    With ``wait`` returns when it ended, else as soon as it was asked to. Raises
    StartFailedError when it does not end even so.
    """
    job = _ask_to_stop(job)
    if not wait or not job.alive:
        return job
    grace = job.spec.grace_s + 1.0 if grace_s is None else min(grace_s, job.spec.grace_s)
    deadline = time.monotonic() + grace
    while job.alive and time.monotonic() < deadline + KILLED_S:
        if _gone(job.state.runner, deadline):
            job = _ask_to_stop(job)
        elif job.state.runner:
            send_signal(job.state.runner, signal.SIGTERM)
            _gone(job.state.runner, deadline + KILLED_S)
            job = refresh(job)
    if job.alive:
        raise StartFailedError(
            f"{job.name} did not end after SIGKILL.",
            fix="The kernel is holding it, usually in a driver; look at dmesg.",
        )
    return job


def adopt(job: Job) -> Job:
    """Give a living job whose runner is gone a new runner, so that its log stays bounded."""
    if not job.alive or is_alive(job.state.runner):
        return job
    with lock(f"job-{job.id}"):
        return _with_runner(refresh(job))


def _with_runner(job: Job) -> Job:
    if not job.alive or is_alive(job.state.runner):
        return job
    _start_runner(job.directory, "--adopt")
    return refresh(job)


def _start_runner(directory: Path, *options: str) -> None:
    """Start a runner and wait for its answer; raises StorageError and StartFailedError."""
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
    assert starter.stdout
    with starter.stdout as stream:
        answer = _answer(stream.fileno())
    starter.wait()
    if answer.get("answer") == "failed":
        raise StorageError(str(answer.get("sentence")))
    if answer.get("answer") != "ok":
        raise StartFailedError("The job runner ended before it started anything.")


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


def _ask_to_stop(job: Job) -> Job:
    """Make sure that a living job has a runner and that it was asked once, by whomever."""
    with lock(f"job-{job.id}"):
        job = _with_runner(refresh(job))
        runner = job.state.runner
        if not runner or not job.alive or job.state.status is JobStatus.STOPPING:
            return job
        send_signal(runner, signal.SIGTERM)
        deadline = time.monotonic() + 1.0
        while job.alive and job.state.status is not JobStatus.STOPPING and is_alive(runner):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
            job = refresh(job)
        return job


def _gone(runner: ProcessId | None, deadline: float) -> bool:
    """Wait until a runner has recorded the end and gone; False when it did not in time."""
    while is_alive(runner):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _new_id() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.urandom(4).hex()}"


def _discard(staged: Path) -> None:
    """Remove what is left of a job whose runner never came to record itself."""
    if staged.is_dir():
        import shutil

        shutil.rmtree(staged, ignore_errors=True)
