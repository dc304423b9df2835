"""The memory of a server that is to be replaced counts as free."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from termai import settings
from termai.engines.base import Detection
from termai.models.fit import GpuRoom, Holder, Machine
from termai.profiles.profile import Profile
from termai.servers import guarding, manager
from termai.servers.freeing import without
from termai.servers.guarding import MemoryRefusedError, forecast
from termai.servers.records import Server, ServerState
from termai.servers.registry import get
from tests.models.fit.headers import GIB, MIB, write_dense
from tests.servers.samples import facts_of

DETECTION = Detection(
    "llama-server", Path("/opt/llama-server"), "1", ("CUDA0",), frozenset({"--fit"})
)


def machine(*held: Holder) -> Machine:
    return Machine((GpuRoom("RTX", 1 * GIB, 8 * GIB, 0),), 4 * GIB, 64 * GIB, held)


@pytest.fixture
def server(native: Profile) -> Server:
    """Return a server that runs, and whose log is that of one on a GPU."""
    started = manager.wait_ready(manager.start(native), timeout_s=60)
    return started._replace(facts=facts_of("source-cuda-ready"))


def holder(server: Server, size: int | None) -> Holder:
    assert server.pid
    return Holder(0, server.pid, size)


def test_what_it_holds_is_free(server: Server) -> None:
    freed = without(machine(holder(server, 5 * GIB), Holder(0, 1, 2 * GIB)), server)
    assert freed
    assert freed.gpus[0].free == 6 * GIB
    assert 4 * GIB + MIB < freed.ram_free < 5 * GIB


def test_no_more_is_free_than_there_is(server: Server) -> None:
    full = replace(machine(holder(server, 20 * GIB)), ram_total=4 * GIB + MIB // 2)
    freed = without(full, server)
    assert freed
    assert (freed.gpus[0].free, freed.ram_free) == (8 * GIB, 4 * GIB + MIB // 2)


def test_what_the_driver_does_not_tell_is_not_known(server: Server) -> None:
    assert without(machine(holder(server, None)), server) is None
    assert without(machine(), server) is None
    assert without(machine().without_gpus(), server) is not None
    on_cpu = server._replace(facts=facts_of("native-ready"))
    freed = without(machine(), on_cpu)
    assert freed
    assert freed.gpus == machine().gpus


def test_one_that_has_ended_frees_nothing(native: Profile) -> None:
    ended = manager.stop(manager.start(native))
    assert ended.state is ServerState.STOPPED
    assert without(machine(), ended) == machine()


def test_a_larger_model_may_take_the_place_of_a_smaller(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = write_dense(tmp_path / "llama-8b.gguf")
    profile = Profile("big").with_values(path=str(large), ctx_size=4096, n_gpu_layers="all")
    settings.save(memory_guardrails="strict")
    here = machine(holder(server, 6 * GIB))
    monkeypatch.setattr(guarding, "machine", lambda: here)
    with pytest.raises(MemoryRefusedError):
        forecast(profile, large, DETECTION)
    found = forecast(profile, large, DETECTION, instead_of=server)
    assert found
    assert found.warning == ""
    here = machine()
    warned = forecast(profile, large, DETECTION, instead_of=server)
    assert warned
    assert "may run out of memory" in warned.warning


def test_a_restart_that_does_not_fit_stops_nothing(native: Profile, tmp_path: Path) -> None:
    running = manager.wait_ready(manager.start(native), timeout_s=60)
    settings.save(memory_guardrails="3 GB")
    large = write_dense(tmp_path / "llama-8b.gguf")
    with pytest.raises(MemoryRefusedError):
        manager.restart_with(running, native.with_values(path=str(large), ctx_size=4096))
    assert get("tiny").pid == running.pid
    assert running.pid
    os.kill(running.pid, 0)
