"""Checks of the machine: what is there, what is missing, what to do about it."""

import sys
from pathlib import Path

import pytest

from termai import environment
from termai.environment import Verdict, logout
from termai.environment.running import run
from tests.environment.on_path import program


def test_this_machine_has_python_and_every_check_ends() -> None:
    found = {finding.name: finding for finding in run(environment.checks())}
    wanted = {"After logout", "Python", "C++ compiler", "git", "node", "npm", "PATH", "nvcc"}
    assert wanted <= set(found)
    assert found["Python"].path == sys.executable
    bad = [f for f in found.values() if f.verdict in {Verdict.WARNING, Verdict.PROBLEM}]
    assert all(f.fix for f in bad)
    assert all(f.sentence.endswith((".", "…")) for f in found.values())


def test_names_of_findings_are_unique_and_short() -> None:
    names = [finding.name for finding in run(environment.checks())]
    assert len(names) == len(set(names))
    assert all(0 < len(name) <= 20 for name in names)


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
