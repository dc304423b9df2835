"""All checks of the machine together: on this one, on an empty one, on a machine of nonsense."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.doctor.checking import GROUPS
from termai.environment import (
    Finding,
    Verdict,
    cpu,
    gpu_devices,
    gpu_drm,
    gpu_events,
    huge_pages,
    logout,
    memory,
    mounts,
    numa,
    place,
    system_checks,
    user_limits,
)
from termai.environment.running import run
from tests.environment import trees

LOOKS: tuple[Callable[[Path], Iterable[Finding]], ...] = (
    cpu.frequency,
    cpu.processor,
    gpu_devices.device_files,
    gpu_drm.others,
    gpu_events.faults,
    huge_pages.huge_pages,
    memory.memory,
    memory.overcommit,
    memory.shortage,
    memory.swap,
    numa.nodes,
    user_limits.processors,
    user_limits.tasks,
)
FILES = (
    "proc/meminfo",
    "proc/vmstat",
    "proc/cpuinfo",
    "proc/pressure/memory",
    "proc/self/cgroup",
    "proc/self/mountinfo",
    "proc/driver/nvidia/version",
    "proc/driver/nvidia/gpus/0000:01:00.0/information",
    "sys/fs/cgroup/memory.max",
    "sys/fs/cgroup/pids.max",
    "sys/devices/system/cpu/online",
    "sys/devices/system/node/node0/cpulist",
    "sys/bus/pci/devices/0000:01:00.0/vendor",
    "sys/bus/pci/devices/0000:01:00.0/class",
    "dev/kmsg",
)


def test_this_machine_is_looked_at_within_three_seconds() -> None:
    began = time.monotonic()
    found = list(run(system_checks.CHECKS))
    assert time.monotonic() - began < 3
    names = [one.name for one in found]
    assert {"NVIDIA driver", "Memory", "Disk of models", "Clock", "Locale"} <= set(names)
    assert len(names) == len(set(names))
    assert not [one for one in found if "Could not be looked at" in one.sentence]


def test_what_is_found_can_be_shown() -> None:
    for one in run(system_checks.CHECKS):
        assert len(one.name) <= 20
        assert one.group in GROUPS
        assert one.sentence.endswith(".")
        assert one.fix or one.verdict in (Verdict.OK, Verdict.NOT_NEEDED)


def test_names_of_checks_are_unique() -> None:
    names = [check.name for check in system_checks.CHECKS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.__module__}.{look.__name__}")
def test_an_empty_machine_breaks_no_check(
    tmp_path: Path, look: Callable[[Path], Iterable[Finding]]
) -> None:
    assert not list(look(tmp_path))


@given(contents=st.lists(st.text(max_size=200), min_size=len(FILES), max_size=len(FILES)))
def test_no_nonsense_of_the_kernel_breaks_a_check(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str]
) -> None:
    root = tmp_path_factory.mktemp("root")
    for name, content in zip(FILES, contents, strict=True):
        trees.write(root, {name: ""})
        (root / name).write_bytes(content.encode("utf-8", "surrogatepass"))
    for look in LOOKS:
        assert all(one.sentence.isprintable() for one in look(root))
    assert logout.survival(root).sentence
    assert mounts.mount_of(root, root) is None or mounts.mounts(root)
    assert isinstance(place.container(root), str)
