"""Before a start: the estimate is recorded, too much is refused, and --force overrules it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from termai import settings
from termai.engines.base import Detection
from termai.errors import UsageError
from termai.hardware import cgroup, host
from termai.hardware.cgroup import Limit
from termai.jobs import store
from termai.models.fit import GpuRoom, Holder, Machine
from termai.profiles.profile import Profile
from termai.servers import guarding, launching, manager
from termai.servers.guarding import MemoryRefusedError, forecast
from termai.servers.records import KIND
from tests.models.fit.headers import GIB, MIB, write_dense

NATIVE = Detection("llama-server", Path("/opt/llama-server"), "1", ("CUDA0",), frozenset({"--fit"}))
ON_CPU = replace(NATIVE, devices=())
CARD = Machine((GpuRoom("RTX", 6 * GIB, 8 * GIB, 0),), 60 * GIB, 64 * GIB)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Return an 8B model of its true size that takes no room on disk."""
    return write_dense(tmp_path / "llama-8b.gguf")


def large_profile(model: Path, **values: object) -> Profile:
    return Profile("big").with_values(path=str(model), **values)


def test_what_a_start_takes_is_recorded(native: Profile) -> None:
    server = manager.start(native)
    estimate = server.job.spec.meta["estimate"]
    assert estimate["source"] in ("formula", "llama.cpp")
    assert estimate["ctx_size"] == 256
    [ram] = [device for device in estimate["devices"] if device["device"] == "CPU"]
    assert ram["weights"] >= 400_000
    assert server.memory_warning == ""


def test_measured_is_kept_beside_estimated(profile: Profile) -> None:
    """The tiny model takes 2 MiB, of which the log says two digits."""
    server = manager.wait_ready(manager.start(profile), timeout_s=60)
    memory = server.as_json()["memory"]
    assert memory["estimate"]["source"] == "formula"
    assert memory["measured"]["total"] > MIB
    for purpose in ("weights", "kv", "compute", "output", "total"):
        thought, took = (
            sum(device[purpose] for device in memory[kind]["devices"])
            for kind in ("estimate", "measured")
        )
        assert took == pytest.approx(thought, abs=20_000), purpose
    assert memory["ratio"] == pytest.approx(1, abs=0.02)


def test_too_large_a_model_is_refused_and_nothing_is_started(large: Path) -> None:
    settings.save(memory_guardrails="3 GB")
    with pytest.raises(MemoryRefusedError) as caught:
        manager.start(large_profile(large, ctx_size=4096))
    assert isinstance(caught.value, UsageError)
    assert "big was not started" in caught.value.message
    assert "more than the 3 GB that are allowed" in caught.value.message
    assert "--force" in caught.value.fix
    assert store.list_jobs(KIND) == []


@pytest.mark.parametrize(
    ("limit", "ctx_size", "advice"),
    [
        ("4 GB", 4096, "Take a smaller quantization, or allow more with memory_guardrails"),
        ("6 GB", 32_768, r"With \d[\d.]*k context it would take no more than that"),
    ],
)
def test_a_limit_says_what_it_takes_to_keep_it(
    large: Path, monkeypatch: pytest.MonkeyPatch, limit: str, ctx_size: int, advice: str
) -> None:
    """Also where the model would fit: what is free is not what decides."""
    monkeypatch.setattr(guarding, "machine", lambda: Machine((), 60 * GIB, 64 * GIB))
    settings.save(memory_guardrails=limit)
    with pytest.raises(MemoryRefusedError) as caught:
        forecast(large_profile(large, ctx_size=ctx_size), large, ON_CPU)
    assert re.fullmatch(f"{advice}, or start it all the same with --force\\.", caught.value.fix)
    named = re.search(r"With ([\d.]+)k", caught.value.advice)
    if named:
        less = large_profile(large, ctx_size=int(float(named[1]) * 1024))
        assert forecast(less, large, ON_CPU)


def test_force_makes_it_a_warning(large: Path) -> None:
    settings.save(memory_guardrails="3 GB")
    planned = launching.plan(large_profile(large, ctx_size=4096), force=True)
    assert planned.forecast
    assert planned.forecast.warning.startswith("big may run out of memory. It needs ")


def test_off_asks_nothing(large: Path) -> None:
    settings.save(memory_guardrails="off")
    found = forecast(large_profile(large, ctx_size=100_000_000), large, ON_CPU)
    assert found
    assert found.warning == ""


def test_a_container_too_small_is_refused_and_force_starts_in_it(
    native: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroup, "memory", lambda: Limit(used=0, total=100_000))
    with pytest.raises(MemoryRefusedError):
        manager.start(native)
    with pytest.raises(MemoryRefusedError):
        manager.ensure(native)
    server = manager.wait_ready(manager.start(native, force=True), timeout_s=60)
    assert "may run out of memory" in server.memory_warning
    assert manager.ensure(native).pid == server.pid
    again = manager.restart(server)
    assert "may run out of memory" in again.memory_warning


def test_a_card_that_is_full_names_who_holds_it(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = (Holder(0, 7, 2 * GIB, "ann", "python"),)
    monkeypatch.setattr(guarding, "machine", lambda: replace(CARD, holders=held))
    asked = large_profile(large, ctx_size=32_768, n_gpu_layers="all")
    with pytest.raises(MemoryRefusedError) as caught:
        forecast(asked, large, NATIVE)
    assert "of RTX, where 6.0 GiB are free" in caught.value.message
    assert "RTX is also used by python 7 of ann 2.0 GiB." in caught.value.message
    assert "With n_gpu_layers = " in caught.value.fix


def test_layers_left_to_the_engine_are_let_through(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: CARD)
    found = forecast(large_profile(large, ctx_size=32_768), large, NATIVE)
    assert found
    assert found.warning == ""
    assert 0 < found.fit.n_gpu_layers < 33


def test_little_left_is_a_warning(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: CARD)
    needed = forecast(large_profile(large, ctx_size=4096, n_gpu_layers="all"), large, NATIVE)
    assert needed
    room = needed.fit.rooms[1].needed + 512 * MIB
    close = Machine((GpuRoom("RTX", room, 8 * GIB, 0),), 60 * GIB, 64 * GIB)
    monkeypatch.setattr(guarding, "machine", lambda: close)
    found = forecast(large_profile(large, ctx_size=4096, n_gpu_layers="all"), large, NATIVE)
    assert found
    assert "less than 1.0 GiB would stay free" in found.warning


def test_without_a_card_the_context_is_what_llama_cpp_takes(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lowers a context that is not set to all of the memory, not to what of it is free."""
    busy = Machine((), 8 * GIB, 16 * GIB)
    monkeypatch.setattr(guarding, "machine", lambda: busy)
    monkeypatch.setattr(host, "memory", lambda: (8 * GIB, 16 * GIB))
    settings.save(memory_guardrails="off")
    found = forecast(large_profile(large), large, ON_CPU)
    assert found
    assert 40_000 < found.fit.ctx_size < 131_072


@pytest.mark.parametrize("guardrails", ["strict", "1 GB"])
def test_what_cannot_be_estimated_is_never_refused(tmp_path: Path, guardrails: str) -> None:
    settings.save(memory_guardrails=guardrails)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(40))
    assert forecast(large_profile(broken), broken, ON_CPU) is None
    assert forecast(large_profile(tmp_path / "none.gguf"), tmp_path / "none.gguf", ON_CPU) is None


def test_an_error_in_the_arithmetic_stops_no_start(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(guarding, "fit_subject", fail)
    assert forecast(large_profile(large), large, ON_CPU) is None


@pytest.mark.parametrize("broken", ["with_advice", "holders_text"])
def test_an_error_in_the_advice_leaves_the_refusal(
    large: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise IndexError

    monkeypatch.setattr(guarding, "machine", lambda: CARD)
    monkeypatch.setattr(guarding, broken, fail)
    asked = large_profile(large, ctx_size=32_768, n_gpu_layers="all")
    with pytest.raises(MemoryRefusedError) as caught:
        forecast(asked, large, NATIVE)
    assert "of RTX, where 6.0 GiB are free" in caught.value.message
    if broken == "with_advice":
        assert caught.value.advice == "Free memory or lower ctx_size."
    warned = forecast(asked, large, NATIVE, force=True)
    assert warned
    assert warned.warning.startswith("big may run out of memory. It needs ")


SMALL = Machine((), 6 * GIB, 64 * GIB)


@pytest.mark.parametrize(
    ("kind", "values", "guardrails", "refused"),
    [
        ("F16", {}, "balanced", False),
        ("F16", {}, "relaxed", False),
        ("F16", {}, "strict", True),
        ("F16", {"mmap": False}, "balanced", True),
        ("F16", {"mlock": True}, "balanced", True),
        ("F16", {"ctx_size": 65_536}, "balanced", True),
        ("Q4_K", {"ctx_size": 32_768}, "balanced", True),
        ("Q4_K", {"ctx_size": 32_768, "repack": False}, "balanced", False),
    ],
)
def test_weights_mapped_from_a_file_may_be_more_than_is_free(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    values: dict[str, object],
    guardrails: str,
    refused: bool,
) -> None:
    """What is repacked for the processor is no longer mapped (CPU_REPACK in llama-server's log)."""
    monkeypatch.setattr(guarding, "machine", lambda: SMALL)
    settings.save(memory_guardrails=guardrails)
    model = write_dense(tmp_path / "8b.gguf", kind)
    profile = large_profile(model, **{"ctx_size": 8192, **values})
    if refused:
        with pytest.raises(MemoryRefusedError):
            forecast(profile, model, ON_CPU)
        return
    found = forecast(profile, model, ON_CPU)
    assert found
    assert re.search(r" GiB of the weights are read from the file again and aga", found.warning)


def test_beside_a_card_nothing_that_is_mapped_is_repacked(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: replace(CARD, ram_free=4 * GIB))
    found = forecast(large_profile(large, ctx_size=8192, n_gpu_layers=4), large, NATIVE)
    assert found
    assert "of the weights are read from the file" in found.warning


def test_where_only_repacking_stands_in_the_way_it_is_said(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: replace(SMALL, ram_free=4 * GIB))
    with pytest.raises(MemoryRefusedError) as caught:
        forecast(large_profile(large, ctx_size=8192), large, ON_CPU)
    assert "With repack = false it would run from the file, slowly" in caught.value.fix
    with pytest.raises(MemoryRefusedError) as caught:
        forecast(large_profile(large, ctx_size=65_536), large, ON_CPU)
    assert "repack" not in caught.value.fix


def test_unknown_memory_of_a_gpu_is_not_judged(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: Machine((), 60 * GIB, 64 * GIB))
    settings.save(memory_guardrails="1 GB")
    assert forecast(large_profile(large), large, NATIVE) is None


def test_gpus_that_are_not_nvidias_are_asked_for_by_the_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "machine", lambda: CARD)
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\necho '  ROCm0: RX 7900 (24560 MiB, 20480 MiB free)'\n")
    program.chmod(0o755)
    options = frozenset({"--fit", "--list-devices"})
    amd = Detection("llama-server", program, "1", ("ROCm0",), options)
    here = guarding.here_with_servers(amd)
    assert here.gpus == (GpuRoom("RX 7900", 20 * GIB, 24_560 * MIB, 0),)
    assert here.unmeasured == ()
    silent = guarding.here_with_servers(replace(amd, options=frozenset()))
    assert (silent.gpus, silent.unmeasured) == ((), ("ROCm0",))
    assert guarding.here_with_servers(NATIVE) == CARD
