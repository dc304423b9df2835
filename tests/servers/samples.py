"""Recorded and composed logs, and jobs as they lie on disk, without any process."""

from pathlib import Path
from typing import Any

from termai.jobs.records import Exit, Job, JobSpec, JobState
from termai.jobs.states import JobStatus
from termai.servers.facts import Facts
from termai.servers.folding import fold_line

LOGS = Path(__file__).parent / "logs"


def lines(name: str) -> list[str]:
    """Return the lines of a log in ``logs/``."""
    return (LOGS / f"{name}.log").read_text("utf-8").splitlines()


def facts_of(name: str) -> Facts:
    """Return what a log in ``logs/`` says."""
    facts = Facts()
    for line in lines(name):
        facts = fold_line(facts, line)
    return facts


def make_job(
    directory: Path,
    *,
    status: JobStatus = JobStatus.RUNNING,
    ended: Exit | None = None,
    values: dict[str, Any] | None = None,
    env: dict[str, str] | None = None,
    **meta: Any,
) -> Job:
    """Return a job of a server, its directory created, nothing started."""
    directory.mkdir(parents=True, exist_ok=True)
    spec = JobSpec(
        id=directory.name,
        kind="server",
        name="qwen",
        argv=("/opt/llama-server", "--model", "m.gguf"),
        cwd="/",
        env=env or {},
        unset_env=(),
        grace_s=1.0,
        log_limit_bytes=1 << 20,
        max_restarts=0,
        created_at=1_700_000_000.0,
        meta={
            "profile": "qwen",
            "engine": "llama-server",
            "devices": [],
            "gpus": [],
            "url": "http://127.0.0.1:8080",
            "host": "127.0.0.1",
            "port": 8080,
            "model": "/models/qwen.gguf",
            "values": values or {},
            **meta,
        },
    )
    return Job(directory, spec, JobState(status, started_at=1_700_000_000.0, exit=ended))
