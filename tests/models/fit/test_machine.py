"""The room there is: free memory, what a container leaves, who holds the rest."""

import psutil
import pytest

from termai.hardware import cgroup, host
from termai.hardware.cgroup import Limit
from termai.models.fit import GpuRoom, Holder, Machine, described
from termai.models.fit.machine import machine
from tests.fakes import nvml
from tests.models.fit.headers import GIB, MIB


def test_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    me = psutil.Process().pid
    nvml.install(monkeypatch, nvml.Card(used=4 << 30, total=24 << 30, computing=((me, 3 << 30),)))
    here = machine()
    assert here.gpus == (GpuRoom("NVIDIA GeForce RTX 4090", 20 * GIB, 24 * GIB, 0),)
    assert [(h.pid, h.bytes) for h in here.holders] == [(me, 3 * GIB)]
    assert 0 < here.ram_free < here.ram_total <= psutil.virtual_memory().total


def test_a_container_leaves_what_its_group_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "memory", lambda: Limit(used=300 * MIB, total=500 * MIB))
    here = machine()
    assert (here.ram_free, here.ram_total) == (200 * MIB, 500 * MIB)


def test_a_group_that_allows_more_than_there_is_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cgroup, "memory", lambda: Limit(used=0, total=1 << 50))
    assert machine().ram_total == psutil.virtual_memory().total


def test_a_gpu_that_does_not_tell_its_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card(name="GB10", used=None), nvml.Card(name="Other"))
    here = machine()
    assert [gpu.index for gpu in here.gpus] == [1]
    assert here.unmeasured == ("GB10",)


def test_a_machine_that_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "memory", lambda: (None, None))
    monkeypatch.setattr(cgroup, "memory", lambda: Limit(0, GIB))
    assert machine() == Machine()


def test_servers_of_ours_are_named() -> None:
    held = (Holder(0, 10, 5, "ann", "llama-server"), Holder(0, 11, 4, "ann", "python"))
    here = Machine(holders=held).named({10: "qwen"})
    assert [holder.server for holder in here.holders] == ["qwen", ""]


def test_only_some_gpus() -> None:
    rooms = tuple(GpuRoom(f"GPU {n}", n, n, n) for n in range(3))
    here = Machine(rooms, 1, 2, holders=(Holder(0, 1), Holder(2, 2)), unmeasured=("X",))
    assert here.with_gpus([2]) == Machine((rooms[2],), 1, 2, (Holder(2, 2),), ("X",))
    assert here.without_gpus() == Machine((), 1, 2)


def test_another_machine() -> None:
    here = Machine((GpuRoom("A", 1, 2, 0),), 3, 4, holders=(Holder(0, 1),))
    other = described(here, (24, 0.5), 32)
    assert [(gpu.free, gpu.total) for gpu in other.gpus] == [(24 * GIB,) * 2, (GIB // 2,) * 2]
    assert (other.ram_free, other.ram_total, other.holders) == (32 * GIB, 32 * GIB, ())
    assert described(here, (0,)) == Machine((), 3, 4)
    assert described(here, ram=1) == Machine(here.gpus, GIB, GIB, here.holders)
