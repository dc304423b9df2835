"""The memory that control groups leave a process, in both versions of their files."""

from pathlib import Path

import pytest

from termai.hardware import cgroup
from termai.hardware.cgroup import Limit

GIB = 1 << 30


def write(directory: Path, **files: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(f"{text}\n")


def v2(directory: Path, limit: str, current: int, cache: int = 0) -> None:
    stat = f"anon 5\ninactive_file {cache}\nactive_file 0\nfile {cache}"
    write(directory, memory__max=limit, memory__current=str(current), memory__stat=stat)


def v1(directory: Path, limit: int, usage: int, cache: int = 0) -> None:
    stat = f"inactive_file 1\ntotal_inactive_file {cache}\ntotal_active_file 7"
    write(
        directory,
        memory__limit_in_bytes=str(limit),
        memory__usage_in_bytes=str(usage),
        memory__stat=stat,
    )


@pytest.fixture
def membership(tmp_path: Path) -> Path:
    return tmp_path / "self"


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/\n")
    v2(tmp_path / "sys", str(8 * GIB), 3 * GIB, cache=2 * GIB)
    found = cgroup.memory(membership, tmp_path / "sys")
    assert found == Limit(used=GIB, total=8 * GIB)
    assert found.free == 7 * GIB


def test_the_tightest_group_above_counts(tmp_path: Path, membership: Path) -> None:
    membership.write_text("0::/user.slice/session.scope\n")
    v2(tmp_path / "sys/user.slice/session.scope", "max", GIB)
    v2(tmp_path / "sys/user.slice", str(4 * GIB), 3 * GIB)
    v2(tmp_path / "sys", str(64 * GIB), 5 * GIB)
    assert cgroup.memory(membership, tmp_path / "sys") == Limit(3 * GIB, 4 * GIB)


def test_version_one(tmp_path: Path, membership: Path) -> None:
    membership.write_text("9:name=systemd:/\n5:cpu,memory:/docker/abc\n0::/\n")
    v1(tmp_path / "sys/memory/docker/abc", 2 * GIB, GIB, cache=GIB // 2 - 7)
    v1(tmp_path / "sys/memory", 9223372036854771712, 40 * GIB)
    assert cgroup.memory(membership, tmp_path / "sys") == Limit(GIB // 2, 2 * GIB)


@pytest.mark.parametrize("line", ["4:memory:/docker/of-the-host", "4:memory:/../../elsewhere"])
def test_a_path_of_outside_means_the_group_that_is_mounted(
    tmp_path: Path, membership: Path, line: str
) -> None:
    membership.write_text(f"{line}\n")
    v1(tmp_path / "sys/memory", 2 * GIB, GIB)
    assert cgroup.memory(membership, tmp_path / "sys") == Limit(GIB - 7, 2 * GIB)


@pytest.mark.parametrize("limit", ["max", "", "a lot", "9" * 30, "-1", "١٢"])
def test_what_is_no_limit_is_none(tmp_path: Path, membership: Path, limit: str) -> None:
    membership.write_text("0::/\n")
    v2(tmp_path / "sys", limit, GIB)
    assert cgroup.memory(membership, tmp_path / "sys") is None


def test_more_used_than_allowed_leaves_nothing() -> None:
    assert Limit(used=3, total=2).free == 0


def test_files_that_are_not_there_or_make_no_sense(tmp_path: Path, membership: Path) -> None:
    assert cgroup.memory(membership, tmp_path) is None
    membership.write_bytes(b"\xff\xfe:\n\n0\n:::\nmemory\n")
    assert cgroup.memory(membership, tmp_path) is None


def test_this_machine_can_be_asked() -> None:
    found = cgroup.memory()
    assert found is None or found.total > 0
