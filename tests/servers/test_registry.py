"""The servers on disk, as any program finds them."""

import os
from pathlib import Path

import pytest

from termai.jobs.records import Exit, Job, write_spec, write_state
from termai.jobs.states import JobStatus
from termai.servers import diagnosis, registry
from termai.servers.records import ServerState
from tests.servers.samples import LOGS, make_job

CRASHED = Exit(1, None, "exited")


def on_disk(
    job_id: str, name: str, status: JobStatus, *, log: str = "native-ready", created_at: float = 1.0
) -> Job:
    job = make_job(Path(os.environ["TERMAI_STATE_DIR"]) / "jobs" / job_id)
    write_spec(job.directory, job.spec._replace(name=name, created_at=created_at))
    write_state(job.directory, job.state._replace(status=status, exit=CRASHED))
    job.log_path.write_bytes((LOGS / f"{log}.log").read_bytes())
    return job


def test_without_servers_nothing_is_listed() -> None:
    assert registry.list_servers() == []
    assert registry.broken() == []


def test_of_past_servers_of_a_name_the_newest_is_listed() -> None:
    on_disk("a", "qwen", JobStatus.FAILED, created_at=1.0, log="native-garbage")
    on_disk("b", "qwen", JobStatus.EXITED, created_at=2.0)
    on_disk("c", "other", JobStatus.FAILED, created_at=0.5, log="native-garbage")
    listed = registry.list_servers()
    assert [(s.name, s.state) for s in listed] == [
        ("qwen", ServerState.STOPPED),
        ("other", ServerState.FAILED),
    ]
    assert registry.get("qwen").job.id == "b"
    assert registry.list_servers(past=False) == []


def test_a_failure_is_explained_once_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    on_disk("a", "qwen", JobStatus.FAILED, log="native-unknown-architecture")
    told = registry.get("qwen").problem
    assert told
    assert "mystery" in told
    monkeypatch.setattr(diagnosis, "explain", None)
    assert registry.get("qwen").problem == told


def test_a_failure_is_explained_also_where_nothing_can_be_written() -> None:
    job = on_disk("a", "qwen", JobStatus.FAILED, log="native-unknown-architecture")
    (job.directory / "facts.json").mkdir()
    assert "mystery" in (registry.get("qwen").problem or "")


def test_a_server_whose_log_cannot_be_read_is_listed() -> None:
    job = on_disk("a", "qwen", JobStatus.FAILED)
    job.log_path.unlink()
    job.log_path.mkdir()
    (found,) = registry.list_servers()
    assert found.state is ServerState.FAILED
    assert found.problem


def test_a_broken_job_is_reported_and_hides_no_other() -> None:
    on_disk("a", "qwen", JobStatus.EXITED)
    broken = on_disk("b", "bad", JobStatus.EXITED)
    (broken.directory / "state.json").write_text("{")
    assert [server.name for server in registry.list_servers()] == ["qwen"]
    ((directory, sentence),) = registry.broken()
    assert directory == broken.directory
    assert "state.json" in sentence


def test_other_kinds_of_jobs_are_no_servers() -> None:
    job = on_disk("a", "qwen", JobStatus.EXITED)
    write_spec(job.directory, job.spec._replace(kind="download"))
    assert registry.list_servers() == []
