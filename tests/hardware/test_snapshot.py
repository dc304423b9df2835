"""Snapshots of the machine: what is there is read, what is not is None."""

import subprocess
import sys

import psutil
import pytest

from termai import hardware
from termai.hardware import gpus, host
from tests.fakes import nvml


def test_reads_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card())
    (gpu,) = hardware.snapshot().gpus
    assert gpu == hardware.Gpu(
        0, "NVIDIA GeForce RTX 4090", 18_200 << 20, 24_564 << 20, utilization=63, temperature=71
    )


def test_what_a_card_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(name=b"Tesla", used=None, gpu=None, celsius=None))
    (gpu,) = hardware.snapshot().gpus
    assert gpu == hardware.Gpu(0, "Tesla", None, None, None, None)


def test_several_cards_keep_the_drivers_order(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(name="A"), nvml.Card(name="B"))
    assert [(gpu.index, gpu.name) for gpu in gpus.read()] == [(0, "A"), (1, "B")]


def test_no_driver_means_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(), driver=False)
    assert gpus.read() == ()


def test_no_library_means_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    nvml.forget(monkeypatch)
    assert gpus.read() == ()


def test_memory_of_this_machine() -> None:
    shot = hardware.snapshot()
    assert shot.ram_total == psutil.virtual_memory().total
    assert shot.ram_used is not None
    assert 0 < shot.ram_used < shot.ram_total


def test_first_cpu_reading_is_none_and_the_next_a_percentage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host, "_measured_before", False)
    assert host.cpu_percent() is None
    second = host.cpu_percent()
    assert second is not None
    assert 0 <= second <= 100


def test_without_psutil_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    shot = hardware.snapshot()
    assert (shot.cpu_percent, shot.ram_used, shot.ram_total) == (None, None, None)


def test_unreadable_proc_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError("/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    assert host.memory() == (None, None)


def test_importing_hardware_loads_neither_psutil_nor_nvml() -> None:
    code = "import sys, termai.hardware; print({'psutil', 'pynvml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
