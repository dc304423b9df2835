"""Whether servers outlive the login: systemd, lingering, containers, WSL."""

from pathlib import Path

import pytest

from termai.environment import Verdict, logout
from tests.environment import trees
from tests.environment.on_path import program

SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
MANAGED = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which systemd manages logins, seen from a session of ada's."""
    monkeypatch.setenv("LOGNAME", "ada")
    root = tmp_path / "root"
    (root / "run/systemd/system").mkdir(parents=True)
    return trees.write(root, {"proc/self/cgroup": SESSION})


def test_without_systemd_servers_go_on(tmp_path: Path) -> None:
    assert logout.survival(tmp_path).verdict is Verdict.OK


def test_a_container_ends_its_servers(tmp_path: Path) -> None:
    trees.write(tmp_path, {".dockerenv": ""})
    assert logout.survival(tmp_path).sentence == "Servers go on until the container ends."


def test_sessions_keep_their_processes_by_default(systemd: Path, path_dir: Path) -> None:
    program(path_dir, "busctl", "b false")
    assert logout.survival(systemd).verdict is Verdict.OK


def test_kill_user_processes_is_a_warning(systemd: Path, path_dir: Path) -> None:
    program(path_dir, "busctl", "b true")
    found = logout.survival(systemd)
    assert found.verdict is Verdict.WARNING
    assert "KillUserProcesses=no" in found.fix


def test_without_busctl_the_default_is_assumed(systemd: Path, path_dir: Path) -> None:
    assert not list(path_dir.iterdir())
    assert logout.survival(systemd).verdict is Verdict.OK


def test_under_the_user_manager_lingering_decides(systemd: Path) -> None:
    trees.write(systemd, {"proc/self/cgroup": MANAGED})
    found = logout.survival(systemd)
    assert found.verdict is Verdict.WARNING
    assert found.command == "loginctl enable-linger ada"
    trees.write(systemd, {"var/lib/systemd/linger/ada": ""})
    assert logout.survival(systemd).verdict is Verdict.OK


def test_windows_ends_its_linux(systemd: Path) -> None:
    kernel = "5.15.167.4-microsoft-standard-WSL2\n"
    trees.write(systemd, {"proc/sys/kernel/osrelease": kernel})
    found = logout.survival(systemd)
    assert found.verdict is Verdict.WARNING
    assert "WSL" in found.sentence
