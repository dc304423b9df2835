"""vLLM's servers from start to stop, by a stand-in, and its failures explained."""

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.cli import endpoints
from termai.errors import StartFailedError
from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.servers import manager
from termai.servers.preview import Previewer
from termai.servers.records import KIND, Server, ServerState
from tests.fakes import vllm
from tests.support import free_port


@pytest.fixture(autouse=True)
def _vllm(home: Path) -> Iterator[None]:
    program = home / "vllm"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {vllm.__file__} "$@"\n')
    program.chmod(0o700)
    settings.save(vllm=str(program))
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


def profile(**values: Any) -> Profile:
    told = {"path": "Qwen/Qwen3-8B", "port": free_port(), **values}
    return Profile("big", engine="vllm").with_values(**told)


def started(wanted: Profile) -> Server:
    return manager.wait_ready(manager.start(wanted), timeout_s=60)


def test_it_becomes_ready_says_its_context_and_stops() -> None:
    server = started(profile(ctx_size=8192, tensor_parallel_size=2))
    assert server.state is ServerState.READY
    assert server.model == "Qwen/Qwen3-8B"
    assert server.facts.slot_context == 8192
    assert server.facts.cache == 134_952
    assert server.ctx_size == server.as_json()["ctx_size"] == 8192
    assert server.problem is None
    assert manager.stop(server).state is ServerState.STOPPED


def test_a_key_protects_it_and_is_in_no_record(home: Path) -> None:
    key = home / "vllm.key"
    key.touch(mode=0o600)
    key.write_text("hunter2\n")
    server = started(profile(api_key_file=str(key)))
    url = f"{server.url}/v1/models"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=10)  # noqa: S310
    asked = urllib.request.Request(url, headers={"Authorization": "Bearer hunter2"})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=10) as reply:  # noqa: S310
        assert reply.status == 200
    assert endpoints.of_server(server).api_key == "hunter2"
    for file in (path for path in server.job.directory.rglob("*") if path.is_file()):
        assert b"hunter2" not in file.read_bytes()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("memory", "nothing is left for its KV cache"),
        ("context", "One conversation of the context asked for does not fit"),
        ("shared", "Only 6.9 of the GPU's 8.0 GiB are free"),
        ("gpus", "more GPUs than there are"),
        ("ray", "Ray cluster that the profile big names does not answer"),
        ("name", "no/such is no model of the hub"),
    ],
)
def test_a_failure_is_explained(how: str, words: str) -> None:
    with pytest.raises(StartFailedError) as caught:
        started(replace(profile(), env={"FAKE_VLLM": how}))
    assert words in caught.value.message


def test_a_flag_of_another_version_is_explained() -> None:
    with pytest.raises(StartFailedError) as caught:
        started(replace(profile(), args={"vllm": ("--nosuchflag",)}))
    assert "does not know --nosuchflag" in caught.value.message


def test_a_preview_has_its_command_and_no_guess_at_the_memory() -> None:
    preview = Previewer().preview(profile())
    assert preview.command[1:3] == ("serve", "Qwen/Qwen3-8B")
    assert (preview.rows, preview.problem, preview.clashes) == ((), "", ())
