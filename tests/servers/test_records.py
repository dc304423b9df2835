"""What a job and its facts make of a server."""

import json
from pathlib import Path

import pytest

from termai.jobs.processes import ProcessId
from termai.jobs.records import Exit, Job
from termai.jobs.states import JobStatus
from termai.servers.facts import Facts, Stage
from termai.servers.records import ServerState, from_job, state_of
from tests.servers.samples import facts_of, make_job


@pytest.mark.parametrize(
    ("status", "stage", "state"),
    [
        (JobStatus.STARTING, Stage.STARTING, ServerState.STARTING),
        (JobStatus.RUNNING, Stage.STARTING, ServerState.STARTING),
        (JobStatus.RUNNING, Stage.LOADING, ServerState.LOADING),
        (JobStatus.RUNNING, Stage.WARMUP, ServerState.LOADING),
        (JobStatus.RUNNING, Stage.READY, ServerState.READY),
        (JobStatus.BACKOFF, Stage.READY, ServerState.STARTING),
        (JobStatus.STOPPING, Stage.READY, ServerState.STOPPING),
        (JobStatus.EXITED, Stage.READY, ServerState.STOPPED),
        (JobStatus.FAILED, Stage.READY, ServerState.FAILED),
        (JobStatus.LOST, Stage.LOADING, ServerState.LOST),
    ],
)
def test_the_state_follows_from_the_job_and_its_log(
    tmp_path: Path, status: JobStatus, stage: Stage, state: ServerState
) -> None:
    assert state_of(make_job(tmp_path / "job", status=status), Facts(stage=stage)) is state


def test_every_status_of_a_job_is_a_state_of_a_server(tmp_path: Path) -> None:
    for status in JobStatus:
        assert state_of(make_job(tmp_path / status, status=status), Facts()) in ServerState


def running(job: Job) -> Job:
    return job._replace(state=job.state._replace(child=ProcessId(4242, "1@boot")))


def test_json_has_the_documented_keys_and_proves_offload(tmp_path: Path) -> None:
    job = running(make_job(tmp_path / "job", values={"ctx_size": 40960}))
    server = from_job(job, facts_of("source-cuda-ready"), "Something is wrong.")
    told = json.loads(json.dumps(server.as_json()))
    assert list(told) == [
        *("name", "profile", "engine", "pid", "url", "state", "started_at", "model", "ctx_size"),
        *("offload", "exit", "buffers", "memory", "timings", "problem"),
    ]
    assert told["offload"] == {"layers": 37, "total": 37, "devices": ["CUDA0"]}
    assert told["pid"] == 4242
    assert told["started_at"] == "2023-11-14T22:13:20Z"
    assert told["ctx_size"] == 36864
    assert told["exit"] is None
    assert {"device": "CUDA0", "what": "KV", "mib": 5184.0} in told["buffers"]
    assert told["timings"]["completion_per_second"] == 47.51


def test_json_of_a_dead_server_says_how_it_ended(tmp_path: Path) -> None:
    ended = Exit(None, "SIGSEGV", "crashed")
    server = from_job(make_job(tmp_path / "job", status=JobStatus.FAILED, ended=ended), Facts())
    told = server.as_json()
    assert told["exit"] == {"code": None, "signal": "SIGSEGV", "reason": "crashed"}
    assert told["pid"] is None
    assert told["offload"] == {"layers": 0, "total": 0, "devices": []}


def test_the_memory_of_a_draft_model_is_added_to_its_devices(tmp_path: Path) -> None:
    server = from_job(make_job(tmp_path / "job"), facts_of("native-draft"))
    assert {"device": "CPU_Mapped", "what": "model", "mib": 0.82} in server.as_json()["buffers"]


def test_before_the_load_the_context_is_the_one_asked_for(tmp_path: Path) -> None:
    assert from_job(make_job(tmp_path / "a", values={"ctx_size": 99}), Facts()).ctx_size == 99
    assert from_job(make_job(tmp_path / "b", values={"ctx_size": 0}), Facts()).ctx_size is None


def test_a_record_without_details_still_shows(tmp_path: Path) -> None:
    job = make_job(tmp_path / "job")
    bare = job._replace(spec=job.spec._replace(meta={"port": "x", "values": 3}))
    server = from_job(bare, Facts())
    assert (server.profile, server.port, server.ctx_size) == ("qwen", 0, None)
