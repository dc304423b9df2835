"""Snapshots of the machine: what is there is read, what is not is None."""

import subprocess
import sys

import psutil
import pytest

from termai import hardware
from termai.hardware import gpus, host
from termai.hardware.sampler import LENGTH, Sampler
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


def test_first_cpu_reading_is_none_and_the_next_a_percentage() -> None:
    sampler = Sampler()
    assert sampler.sample().cpu_percent is None
    second = sampler.sample()
    assert second.cpu_percent is not None
    assert 0 <= second.cpu_percent <= 100
    assert len(second.cores) == psutil.cpu_count()
    assert all(0 <= share <= 100 for share in second.cores)


def test_how_busy_a_core_was_is_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = [(host.Spent(10, 100), host.Spent(0, 100)), (host.Spent(13, 104), host.Spent(0, 104))]
    monkeypatch.setattr(host, "cores", lambda: spent.pop(0))
    sampler = Sampler()
    sampler.sample()
    shot = sampler.sample()
    assert (shot.cores, shot.cpu_percent) == ((75.0, 0.0), 37.5)


def test_rates_are_over_the_time_between_two_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    now, moved = [10.0], [host.Counters(read=100, written=0, received=7, sent=None)]
    monkeypatch.setattr(host, "counters", lambda: moved[0])
    sampler = Sampler(lambda: now[0])
    first = sampler.sample()
    assert (first.disk_read, first.net_received) == (None, None)
    now[0], moved[0] = 12.0, host.Counters(read=500, written=0, received=3, sent=9)
    second = sampler.sample()
    assert (second.disk_read, second.disk_written) == (200.0, 0.0)
    assert (second.net_received, second.net_sent) == (None, None)  # began anew; was not told
    assert sampler.history("disk_read") == (0.0, 200.0)


def test_the_history_is_bounded_and_of_each_card(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(used=1 << 30, total=4 << 30, celsius=50, gpu=9))
    sampler = Sampler()
    for _ in range(LENGTH + 3):
        sampler.sample()
    assert len(sampler.history("cpu")) == LENGTH
    assert set(sampler.history("memory", 0)) == {25.0}
    assert sampler.history("temperature", 0)[-1] == 50
    assert set(sampler.history("utilization", 5)) == {0.0}


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
