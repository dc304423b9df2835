"""Settings and faults of NVIDIA's GPUs, through a faked NVML."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, gpu_choice, gpu_state
from tests.fakes import nvml
from tests.fakes.nvml import Card, Part

pytestmark = pytest.mark.usefixtures("root_user")


def look(monkeypatch: pytest.MonkeyPatch, root: Path, *cards: Card) -> Mapping[str, Finding]:
    nvml.install(monkeypatch, *cards)
    return {found.name: found for found in gpu_state.state(root)}


def test_a_gpu_without_faults_is_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good = Card(mode=0, ecc=0, persistence=1, reasons=0x4, link=(1, 16, 4, 16), mig=0)
    found = look(monkeypatch, tmp_path, good)
    assert set(found) == {"GPU compute mode", "GPU memory errors", "GPU persistence"}
    assert {one.verdict for one in found.values()} == {Verdict.OK}


def test_what_a_card_does_not_tell_is_not_mentioned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not look(monkeypatch, tmp_path, Card())


@pytest.mark.parametrize(("mode", "verdict"), [(3, Verdict.WARNING), (2, Verdict.PROBLEM)])
def test_a_compute_mode_that_shuts_programs_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, verdict: Verdict
) -> None:
    found = look(monkeypatch, tmp_path, Card(mode=0), Card(mode=mode), Card(mode=mode))
    one = found["GPU compute mode"]
    assert one.verdict is verdict
    assert one.sentence.startswith("GPU 1, 2 ")
    assert one.command.endswith("nvidia-smi -i 1,2 -c DEFAULT")


def test_a_divided_gpu_names_how_a_part_is_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = Card(mig=1, parts=(Part(uuid="MIG-a"), Part(uuid="MIG-b")))
    found = look(monkeypatch, tmp_path, card)["GPU parts (MIG)"]
    assert found.verdict is Verdict.OK
    assert "2 parts" in found.sentence
    assert "CUDA_VISIBLE_DEVICES=MIG-a" in found.sentence


def test_a_divided_gpu_without_parts_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = look(monkeypatch, tmp_path, Card(mig=1))["GPU parts (MIG)"]
    assert found.verdict is Verdict.PROBLEM
    assert found.command.endswith("-mig 0")


def test_memory_errors_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = look(monkeypatch, tmp_path, Card(ecc=0), Card(ecc=3))["GPU memory errors"]
    assert found.verdict is Verdict.WARNING
    assert "3 on GPU 1" in found.sentence


def test_a_gpu_that_fell_off_the_bus_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = look(monkeypatch, tmp_path, Card(mode=0), Card(lost=True))
    assert found["GPU lost"].verdict is Verdict.PROBLEM
    assert "GPU 1" in found["GPU lost"].sentence


def test_heat_and_missing_lanes_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = look(monkeypatch, tmp_path, Card(reasons=0x24, link=(4, 4, 4, 16)))
    assert "power limit, heat" in found["GPU clocks"].sentence
    assert "GPU 0: 4 of 16" in found["GPU lanes (PCIe)"].sentence


def test_persistence_matters_where_nothing_draws(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = look(monkeypatch, tmp_path, Card(persistence=0))["GPU persistence"]
    assert found.command.endswith("nvidia-smi -i 0 -pm 1")
    (tmp_path / "tmp/.X11-unix").mkdir(parents=True)
    (tmp_path / "tmp/.X11-unix/X0").touch()
    assert not look(monkeypatch, tmp_path, Card(persistence=0))


@pytest.mark.parametrize("value", ["", "-1", "none", "NoDevFiles"])
def test_a_variable_that_hides_all_gpus_is_a_warning(value: str) -> None:
    (found,) = gpu_choice.choice({"CUDA_VISIBLE_DEVICES": value})
    assert found.verdict is Verdict.WARNING
    assert "unset CUDA_VISIBLE_DEVICES" in found.fix


def test_a_variable_that_chooses_is_told() -> None:
    (found,) = gpu_choice.choice({"CUDA_VISIBLE_DEVICES": "1,0", "HOME": "/"})
    assert found.verdict is Verdict.OK
    assert "CUDA_VISIBLE_DEVICES=1,0" in found.sentence
    assert not list(gpu_choice.choice({"HOME": "/"}))
