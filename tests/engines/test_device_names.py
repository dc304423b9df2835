"""GPUs called as people call them, in profiles for llama-server."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai.engines import device_names, drift, exchange, probe
from termai.engines.arguments import arguments
from termai.engines.base import Detection
from termai.engines.llama_server import detection
from termai.errors import UsageError
from termai.models.fit import GpuRoom, Machine
from termai.profiles.profile import Profile
from termai.servers.loading import usable
from termai.servers.preview import Previewer
from tests.fakes import nvml
from tests.models.fit.headers import write_dense

CARDS = {
    "CUDA0": "NVIDIA GeForce RTX 4090",
    "CUDA1": "NVIDIA GeForce RTX 3060",
    "CUDA2": "NVIDIA GeForce RTX 3060",
    "CUDA3": "NVIDIA GeForce RTX 4080 SUPER",
    "CUDA4": "NVIDIA GeForce RTX 4080",
    "Vulkan0": "NVIDIA GeForce RTX 4090",
}


@pytest.fixture
def engine(old_program: Path, monkeypatch: pytest.MonkeyPatch) -> Detection:
    """Return an engine that lists CARDS."""
    listed = ",".join(f"{name}={described}" for name, described in CARDS.items())
    monkeypatch.setenv("FAKE_DEVICES", listed)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    found = detection("configured", old_program)
    assert found.described == CARDS
    # That old build has no --device; what it lists is as newer ones list it.
    return replace(
        found,
        options=found.options | {"--device"},
        help={**found.help, "--device": replace(found.help["--model"])},
    )


def profile(*names: str, **values: Any) -> Profile:
    return Profile("gpus").with_values(device=list(names), **values)


@pytest.mark.parametrize(
    ("names", "devices"),
    [
        (("RTX 4090",), "CUDA0"),
        (("NVIDIA GeForce RTX 4090",), "CUDA0"),
        (("  geforce  rtx 4090 ",), "CUDA0"),
        (("4090",), "CUDA0"),
        (("RTX 3060",), "CUDA1,CUDA2"),  # several equal ones
        (("RTX 4080",), "CUDA4"),  # whole or last words come before a longer name
        (("4080 SUPER",), "CUDA3"),
        (("4080 SUPER", "CUDA1", "4080 super"), "CUDA3,CUDA1"),
        (("Vulkan0",), "Vulkan0"),
        (("CUDA7",), "CUDA7"),  # a name of llama.cpp's, which it checks itself
        (("none",), "none"),
        (("RPC[10.0.0.2:50052]",), "RPC[10.0.0.2:50052]"),
    ],
)
def test_a_name_becomes_llama_cpps_own(
    engine: Detection, names: tuple[str, ...], devices: str
) -> None:
    assert arguments(profile(*names), engine) == ("--device", devices)
    assert not [one for one in drift.check(profile(*names), engine) if one.where == "load.device"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("RTX 5090", "No device is called 'RTX 5090', as the profile gpus says: there is CUDA0"),
        ("409", "CUDA0 (NVIDIA GeForce RTX 4090), CUDA1 (NVIDIA GeForce RTX 3060)"),
        ("GPU-0", "No device is called 'GPU-0'"),
        ("RTX", "may be CUDA0 (NVIDIA GeForce RTX 4090) or CUDA1 (NVIDIA GeForce RTX 3060)"),
    ],
)
def test_what_is_no_name_of_one_lists_what_is_there(
    engine: Detection, name: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(monkeypatch, nvml.Card(uuid="GPU-1f"))
    wanted = profile(name)
    with pytest.raises(UsageError) as caught:
        arguments(wanted, engine)
    assert words in caught.value.message
    (found,) = (one for one in drift.check(wanted, engine) if one.where == "load.device")
    assert found.fatal
    assert found.problem == caught.value.message
    assert drift.DriftError(wanted, (found,)).fix == caught.value.fix


def test_without_a_gpu_it_is_said_that_there_is_none(engine: Detection) -> None:
    with pytest.raises(UsageError, match="llama-server can use none here"):
        arguments(profile("RTX 4090"), replace(engine, devices=(), described={}))


def test_a_uuid_or_its_beginning_is_the_card_that_the_driver_tells(
    engine: Detection, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml.install(monkeypatch, nvml.Card(uuid="GPU-1f00-a"), nvml.Card(uuid="GPU-2e00-b"))
    assert arguments(profile("gpu-2E00"), engine) == ("--device", "CUDA1")
    with pytest.raises(UsageError, match=r"may be CUDA0 .* or CUDA1"):
        arguments(profile("GPU-"), engine)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    with pytest.raises(UsageError, match="No device is called"):
        arguments(profile("GPU-2e00"), engine)


def test_a_name_and_another_count_of_the_gpus_do_not_go_together(engine: Detection) -> None:
    hiding = replace(profile("RTX 4090"), env={"CUDA_VISIBLE_DEVICES": "1"})
    with pytest.raises(UsageError, match="sets CUDA_VISIBLE_DEVICES under"):
        arguments(hiding, engine)
    assert arguments(replace(profile("CUDA0"), env=hiding.env), engine) == ("--device", "CUDA0")


def test_memory_and_clashes_are_of_the_gpus_that_are_meant(engine: Detection) -> None:
    rooms = tuple(GpuRoom(CARDS[f"CUDA{n}"], 8 << 30, 12 << 30, n) for n in range(5))
    cuda = replace(engine, devices=tuple(CARDS)[:5])
    here = usable(profile("RTX 3060"), cuda, Machine(rooms, 30 << 30, 32 << 30))
    assert here is not None
    assert [gpu.index for gpu in here.gpus] == [1, 2]
    assert usable(profile("RTX 5090"), cuda, Machine(rooms, 30 << 30, 32 << 30)) is None


def test_a_preview_has_the_memory_the_clashes_and_the_command_of_them(
    engine: Detection, tmp_path: Path
) -> None:
    write_dense(tmp_path / "m.gguf")
    rooms = tuple(GpuRoom(CARDS[f"CUDA{n}"], 8 << 30, 12 << 30, n) for n in range(5))
    known = frozenset({*engine.options, "--fit", "--list-devices"})
    cuda = replace(engine, devices=tuple(CARDS)[:5], options=known)
    previewer = Previewer(cuda, Machine(rooms, 30 << 30, 32 << 30))
    path = str(tmp_path / "m.gguf")
    found = previewer.preview(profile("RTX 3060", path=path, tensor_split=[1, 1]))
    assert [row.device for row in found.rows] == ["CPU", "CUDA1", "CUDA2"]
    assert "CUDA1,CUDA2" in found.command
    assert "more-shares-than-gpus" not in [clash.name for clash in found.clashes]
    unknown = previewer.preview(profile("RTX 5090", path=path))
    assert "No device is called 'RTX 5090'" in unknown.problem
    assert unknown.command == ()


def test_other_engines_get_the_names_as_they_are(engine: Detection) -> None:
    kobold = replace(engine, engine="koboldcpp")
    assert device_names.placed(profile("RTX 4090"), kobold) == profile("RTX 4090")


def test_an_export_names_them_as_llama_cpp_does(
    engine: Detection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "choose", lambda name: (None, engine))
    wanted = profile("RTX 3060", path="/models/m.gguf")
    assert "CUDA1,CUDA2" in exchange.write(wanted, "llama-swap").text


def test_devices_are_asked_for_anew_after_the_machine_was_started_again(
    engine: Detection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_DEVICES", "CUDA0=NVIDIA B200")
    assert probe.probe(engine.program).described == CARDS
    monkeypatch.setattr(probe, "boot_id", lambda: "the next")
    assert probe.probe(engine.program).described == {"CUDA0": "NVIDIA B200"}
