"""Checks of the machine: what is there, what is missing, what to do about it."""

import sys
from pathlib import Path

import pytest

from termai import environment
from termai.environment import Verdict, logout, programs, toolchain
from termai.environment.running import run


@pytest.fixture
def path_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a directory the whole PATH."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = tmp_path / "os-release"
    release.write_text('ID=ubuntu\nID_LIKE="debian"\n')
    monkeypatch.setattr(programs, "_OS_RELEASE", release)
    programs._families.cache_clear()


def program(directory: Path, name: str, prints: str, status: int = 0) -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{prints}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_this_machine_has_python_and_every_check_ends() -> None:
    found = {finding.name: finding for finding in run(environment.checks())}
    assert set(found) == {"After logout", "Python", "C++ compiler", "git", "node", "npm"}
    assert found["Python"].path == sys.executable
    assert all(f.fix for f in found.values() if f.verdict is not Verdict.OK)
    assert all(f.sentence.endswith(".") for f in found.values())


def test_a_program_is_reported_with_path_and_version(path_dir: Path) -> None:
    path = program(path_dir, "git", "git version 2.39.5")
    found = toolchain.git()
    assert (found.verdict, found.path, found.version) == (Verdict.OK, str(path), "2.39.5")


@pytest.mark.usefixtures("debian", "path_dir")
def test_a_missing_program_comes_with_the_command_that_installs_it() -> None:
    found = toolchain.compiler()
    assert found.verdict is Verdict.WARNING
    assert found.fix == "sudo apt install g++"


def test_an_old_node_is_a_warning(path_dir: Path) -> None:
    program(path_dir, "node", "v16.20.2")
    found = toolchain.node()
    assert found.verdict is Verdict.WARNING
    assert "20 or later" in found.sentence


def test_a_program_that_fails_is_a_warning(path_dir: Path) -> None:
    program(path_dir, "npm", "broken", status=1)
    assert toolchain.npm().verdict is Verdict.WARNING


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=fedora", "sudo dnf install gcc-c++"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "sudo zypper install gcc-c++"),
        ("ID=arch", "sudo pacman -S gcc"),
        ("nonsense", "install g++ with the system's package manager"),
    ],
)
def test_the_fix_fits_the_distribution(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path_dir: Path, release: str, command: str
) -> None:
    file = tmp_path / "release"
    file.write_text(release)
    monkeypatch.setattr(programs, "_OS_RELEASE", file)
    monkeypatch.setattr(sys, "platform", "linux")
    programs._families.cache_clear()
    assert toolchain.compiler().fix == command


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path_dir: Path) -> Path:
    """Imitate a login session on systemd: /run, the cgroup, busctl's answer."""
    monkeypatch.setattr(logout, "SYSTEMD", tmp_path)
    monkeypatch.setattr(logout, "CGROUP", tmp_path / "cgroup")
    monkeypatch.setattr(logout, "LINGER", tmp_path / "linger")
    (tmp_path / "cgroup").write_text("0::/user.slice/user-1000.slice/session-3.scope\n")
    monkeypatch.setenv("LOGNAME", "ada")
    return path_dir


def test_without_systemd_servers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logout, "SYSTEMD", tmp_path / "absent")
    assert logout.survival().verdict is Verdict.OK


def test_sessions_keep_their_processes_by_default(systemd: Path) -> None:
    program(systemd, "busctl", "b false")
    assert logout.survival().verdict is Verdict.OK


def test_kill_user_processes_is_a_warning(systemd: Path) -> None:
    program(systemd, "busctl", "b true")
    found = logout.survival()
    assert found.verdict is Verdict.WARNING
    assert "KillUserProcesses=no" in found.fix


@pytest.mark.usefixtures("systemd")
def test_under_the_user_manager_lingering_decides(tmp_path: Path) -> None:
    cgroup = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n"
    (tmp_path / "cgroup").write_text(cgroup)
    assert logout.survival().fix == "loginctl enable-linger ada"
    (tmp_path / "linger").mkdir()
    (tmp_path / "linger" / "ada").touch()
    assert logout.survival().verdict is Verdict.OK
