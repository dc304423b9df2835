"""A recycled pid is never mistaken for the process that was meant."""

import os
import subprocess
import sys

import psutil

from termai.jobs.processes import (
    ProcessId,
    group_members,
    identify,
    is_alive,
    send_signal,
    signal_group,
)
from tests.jobs.helpers import FOREVER, python
from tests.support import wait_until


def test_a_living_process_has_an_identity_that_stays() -> None:
    me = identify(os.getpid())
    assert me
    assert me == identify(os.getpid())
    assert is_alive(me)


def test_two_processes_are_not_the_same() -> None:
    assert identify(os.getpid()) != identify(os.getppid())


def test_a_pid_that_nobody_has_is_not_alive() -> None:
    assert identify(2**22 + 1) is None
    assert not is_alive(None)


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    try:
        zombie = psutil.Process(child.pid)
        wait_until(lambda: zombie.status() == psutil.STATUS_ZOMBIE)
        assert identify(child.pid) is None
    finally:
        child.wait()


def test_a_recycled_pid_is_not_signalled() -> None:
    child = subprocess.Popen(python(FOREVER))
    try:
        now = identify(child.pid)
        assert now
        before = ProcessId(child.pid, "1@another-boot")
        assert not is_alive(before)
        assert not send_signal(before, 9)
        assert child.poll() is None
        assert send_signal(now, 9)
        assert child.wait(10) == -9
        assert not send_signal(now, 9)
    finally:
        child.kill()
        child.wait()


def test_a_group_lists_its_living_members_only() -> None:
    source = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    leader = subprocess.Popen(python(source, FOREVER), process_group=0)
    try:
        members = wait_until(lambda: _pair(leader.pid))
        assert leader.pid in [member.pid for member in members]
    finally:
        signal_group(leader.pid, 9)
        leader.wait()
    wait_until(lambda: group_members(leader.pid) == [])
    signal_group(leader.pid, 9)


def _pair(group: int) -> list[ProcessId]:
    members = group_members(group)
    return members if len(members) == 2 else []
