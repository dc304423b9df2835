"""What a program may have of the machine: cores, threads, locked memory."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from termai.hardware import cgroup, limits

READ = "from termai.hardware import limits; print(limits.read())"


def group(directory: Path, **files: str) -> Path:
    directory.mkdir(parents=True)
    for name, text in files.items():
        (directory / name.replace("_", ".", 1)).write_text(text)
    return directory


def membership(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "cgroup"
    path.write_text(text)
    return path


def test_this_machine_has_cores_and_threads() -> None:
    found = limits.read()
    assert found.threads
    assert 1 <= found.threads <= (os.cpu_count() or 1)
    assert found.cores is None or 1 <= found.cores <= found.threads
    assert found.chosen is None or 1 <= found.chosen <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_a_process_bound_to_one_thread_has_one() -> None:
    one = min(os.sched_getaffinity(0))
    bind = f"import os; os.sched_setaffinity(0, {{{one}}}); {READ}"
    said = subprocess.run(
        [sys.executable, "-c", bind], capture_output=True, text=True, check=True
    ).stdout
    assert "threads=1" in said
    assert "cores=1" in said or "cores=None" in said


def test_a_container_with_half_the_time_of_a_processor_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cgroup, "processors", lambda: 0.5)
    assert limits.read().threads == 1
    monkeypatch.setattr(cgroup, "processors", lambda: 1e9)
    assert limits.read().threads == len(os.sched_getaffinity(0))


def test_the_limit_on_locked_memory_is_that_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "_may_lock_all", lambda: False)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (8 << 20, resource.RLIM_INFINITY))
    assert limits.read().memlock == 8 << 20
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert limits.read().memlock is None


@pytest.mark.parametrize(
    ("capable", "uids", "limited"),
    [
        ("0000000000004000", "         0          0 4294967295", False),
        ("0000000000003fff", "         0          0 4294967295", True),
        ("0000003fffffffff", "         0       1000          1", True),
        ("nonsense", "", True),
    ],
)
def test_only_the_capability_of_the_whole_machine_lifts_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capable: str, uids: str, limited: bool
) -> None:
    status, mapped = tmp_path / "status", tmp_path / "uid_map"
    status.write_text(f"Name:\tpython\nCapEff:\t{capable}\n")
    mapped.write_text(f"{uids}\n")
    monkeypatch.setattr(limits, "_STATUS", status)
    monkeypatch.setattr(limits, "_UID_MAP", mapped)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4096, 4096))
    assert limits.read().memlock == (4096 if limited else None)


def test_cores_are_counted_as_llama_cpp_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, siblings in enumerate(["05", "0a", "05", "0a"]):
        directory = tmp_path / f"cpu{number}" / "topology"
        directory.mkdir(parents=True)
        (directory / "thread_siblings").write_text(siblings)
    monkeypatch.setattr(limits, "_CPUS", tmp_path)
    assert limits.read().chosen == 2
    monkeypatch.setattr(limits, "_KINDS", (tmp_path, tmp_path))
    assert limits.read().chosen is None
    monkeypatch.setattr(limits, "_KINDS", (tmp_path / "gone",))
    monkeypatch.setattr(limits, "_CPUS", tmp_path / "gone")
    assert limits.read().chosen is None


def test_a_quota_of_version_2_counts_also_where_a_group_above_has_less(tmp_path: Path) -> None:
    group(tmp_path / "mount/a", cpu_max="150000 100000\n")
    group(tmp_path / "mount/a/b", cpu_max="max 100000\n")
    mine = membership(tmp_path, "0::/a/b\n")
    assert cgroup.processors(mine, tmp_path / "mount") == 1.5


def test_a_quota_of_version_1_is_read(tmp_path: Path) -> None:
    group(tmp_path / "mount/cpu/a", cpu_cfs_quota_us="50000\n", cpu_cfs_period_us="100000\n")
    mine = membership(tmp_path, "4:cpu,cpuacct:/a\n3:memory:/a\n")
    assert cgroup.processors(mine, tmp_path / "mount") == 0.5


@pytest.mark.parametrize("text", ["max 100000", "-1 100000", "100000 0", "100000", "", "x y"])
def test_no_quota_is_no_limit(tmp_path: Path, text: str) -> None:
    group(tmp_path / "mount/a", cpu_max=text)
    assert cgroup.processors(membership(tmp_path, "0::/a\n"), tmp_path / "mount") is None
