"""Memory, swap and what makes them short, from recorded files of /proc and control groups."""

from pathlib import Path

import pytest

from termai.environment import Verdict, huge_pages, memory, numa
from termai.environment.units import size
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")

MEMINFO = """\
MemTotal:       65786944 kB
MemFree:         1203456 kB
MemAvailable:   41943040 kB
SwapTotal:       8388608 kB
SwapFree:        6291456 kB
HugePages_Total:       0
Hugetlb:               0 kB
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return trees.write(tmp_path / "root", {"proc/meminfo": MEMINFO})


def limited(root: Path, most: int, used: int) -> None:
    trees.write(
        root,
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": f"{most}\n",
            "sys/fs/cgroup/memory.current": f"{used}\n",
            ".dockerenv": "",
        },
    )


def test_the_machines_memory_is_told(box: Path) -> None:
    (found,) = memory.memory(box)
    assert (found.verdict, found.sentence) == (Verdict.OK, "40.0 GiB of 62.7 GiB are free.")


def test_a_container_has_its_own_memory(box: Path) -> None:
    limited(box, 8 << 30, 2 << 30)
    (found,) = memory.memory(box)
    assert found.verdict is Verdict.OK
    assert found.sentence.startswith("6.00 GiB of the 8.00 GiB that this container may have")


def test_little_memory_is_a_warning(box: Path) -> None:
    limited(box, 1 << 30, 800 << 20)
    (found,) = memory.memory(box)
    assert found.verdict is Verdict.WARNING


def test_swap_is_told(box: Path) -> None:
    (found,) = memory.swap(box)
    assert found.sentence == "2.00 GiB of 8.00 GiB are in use."
    trees.write(box, {"proc/meminfo": "SwapTotal: 0 kB\nSwapFree: 0 kB\n"})
    (found,) = memory.swap(box)
    assert (found.verdict, found.sentence[:5]) == (Verdict.OK, "None:")


def test_waiting_for_memory_is_a_warning(box: Path) -> None:
    pressure = "some avg10=40.00 avg60={} avg300=9.00 total=1\nfull avg10=0.00 avg60=0.00\n"
    trees.write(box, {"proc/pressure/memory": pressure.format("1.20")})
    assert not list(memory.shortage(box))
    trees.write(box, {"proc/pressure/memory": pressure.format("31.50")})
    (found,) = memory.shortage(box)
    assert (found.name, found.verdict) == ("Memory pressure", Verdict.WARNING)


def test_programs_that_were_ended_are_counted_where_they_are_ours(box: Path) -> None:
    trees.write(box, {"proc/vmstat": "pgfault 1\noom_kill 3\n"})
    (found,) = memory.shortage(box)
    assert "3 times" in found.sentence
    events = "low 0\nhigh 0\nmax 10\noom 1\noom_kill 0\n"
    trees.write(box, {".dockerenv": "", "sys/fs/cgroup/memory.events": events})
    assert not list(memory.shortage(box))


def test_forbidden_overcommit_is_a_warning(box: Path) -> None:
    trees.write(box, {"proc/sys/vm/overcommit_memory": "0\n"})
    assert not list(memory.overcommit(box))
    trees.write(box, {"proc/sys/vm/overcommit_memory": "2\n"})
    (found,) = memory.overcommit(box)
    assert found.command.endswith("sysctl vm.overcommit_memory=0")


def test_memory_lost_to_huge_pages_is_a_warning(box: Path) -> None:
    trees.write(box, {"sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n"})
    (found,) = huge_pages.huge_pages(box)
    assert found.verdict is Verdict.OK
    assert "madvise" in found.sentence
    trees.write(box, {"proc/meminfo": "MemTotal: 65786944 kB\nHugetlb: 33554432 kB\n"})
    (found,) = huge_pages.huge_pages(box)
    assert found.verdict is Verdict.WARNING
    assert "32.0 GiB" in found.sentence


def test_numa_balancing_slows_several_nodes_down(tmp_path: Path) -> None:
    assert not list(numa.nodes(tmp_path))
    trees.write(tmp_path, {"sys/devices/system/node/node0/cpulist": "0-7\n"})
    trees.write(tmp_path, {"sys/devices/system/node/node1/cpulist": "\n"})  # memory alone
    (found,) = numa.nodes(tmp_path)
    assert found.verdict is Verdict.NOT_NEEDED
    trees.write(tmp_path, {"sys/devices/system/node/node1/cpulist": "8-15\n"})
    trees.write(tmp_path, {"proc/sys/kernel/numa_balancing": "0\n"})
    (found,) = numa.nodes(tmp_path)
    assert found.verdict is Verdict.OK
    trees.write(tmp_path, {"proc/sys/kernel/numa_balancing": "1\n"})
    (found,) = numa.nodes(tmp_path)
    assert found.command.endswith("sysctl kernel.numa_balancing=0")


def test_broken_files_are_passed_over(tmp_path: Path) -> None:
    broken = "MemTotal: lots kB\nMemAvailable\nSwapTotal: -1 kB\n\xff\x00"
    trees.write(tmp_path, {"proc/meminfo": broken, "proc/pressure/memory": "some avg60="})
    looks = (memory.memory, memory.swap, memory.shortage, memory.overcommit)
    assert not [found for look in (*looks, huge_pages.huge_pages) for found in look(tmp_path)]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "0.98 KiB"),
        (8 << 20, "8.00 MiB"),
        (8053063680, "7.50 GiB"),
        (999 << 30, "999 GiB"),
        (1000 << 30, "0.98 TiB"),
    ],
)
def test_sizes_have_three_digits(count: int, words: str) -> None:
    assert size(count) == words


def test_what_only_the_host_can_set_is_not_run_in_a_container(box: Path) -> None:
    trees.write(box, {"proc/sys/vm/overcommit_memory": "2\n", ".dockerenv": ""})
    (found,) = memory.overcommit(box)
    assert not found.command
    assert found.fix == "On the host, as root: sysctl vm.overcommit_memory=0"
