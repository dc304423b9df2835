"""Where this runs and who asks: containers, WSL, groups, calls that may hang."""

import threading
from pathlib import Path

import pytest

from termai.environment import access, place, timed
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, ""),
        ({".dockerenv": ""}, "docker"),
        ({"run/.containerenv": 'engine="podman-4.9"'}, "podman"),
        ({"run/systemd/container": "systemd-nspawn\n"}, "systemd-nspawn"),
        ({"run/systemd/container": "wsl\n"}, ""),
        ({"run/systemd/container": "$(id)\n"}, ""),
        ({"proc/self/cgroup": "0::/kubepods/besteffort/pod1/2\n"}, "kubernetes"),
        ({"proc/self/cgroup": "11:cpu:/docker/4bf5\n"}, "docker"),
        ({"proc/self/cgroup": "0::/lxc.payload.box\n"}, "lxc"),
        ({"proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n"}, ""),
    ],
)
def test_a_container_is_known_by_its_signs(
    tmp_path: Path, files: dict[str, str], name: str
) -> None:
    trees.write(tmp_path, files)
    assert place.container(tmp_path) == name


def test_wsl_is_known_by_its_kernel(tmp_path: Path) -> None:
    assert not place.wsl(tmp_path)
    trees.write(tmp_path, {"proc/sys/kernel/osrelease": "5.15.1-Microsoft-standard-WSL2\n"})
    assert place.wsl(tmp_path)


def test_a_name_for_a_shell_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada; id")
    assert place.user() == "'ada; id'"


def test_a_group_is_joined_and_one_of_root_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    remedy = access.joining(["video", "", "render", "video"])
    assert remedy.command.endswith("usermod -aG render,video ada")
    assert remedy.fix.endswith(", then log in again")
    assert "administrator" in access.joining([""]).fix
    assert not access.group(tmp_path / "nothing")


def test_who_is_a_member_since_after_the_login_logs_in_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "is_waiting", lambda name: True)
    remedy = access.joining(["render"])
    assert remedy.fix.startswith("Log in again")
    assert not remedy.command


def test_no_one_waits_for_a_group_that_is_none() -> None:
    assert not access.is_waiting("no-such-group-here")


def test_a_call_is_waited_for_and_given_up() -> None:
    assert timed.within(10, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        timed.within(10, lambda: 1 // 0)
    free = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            timed.within(0.05, free.wait)
    finally:
        free.set()
