"""Servers outlive the program that started them, however it ends."""

import os
import signal
import urllib.request

from termai.jobs.processes import is_alive
from termai.profiles.profile import Profile
from termai.servers import manager, registry
from termai.servers.records import ServerState
from tests.servers.outside import ask, begin
from tests.support import wait_until

START = "say(manager.wait_ready(manager.start(profile()), timeout_s=60).pid); signal.pause()"
LIST = "say([server.as_json() for server in registry.list_servers()])"
STOP = "say(manager.stop(registry.get(given['name'])).as_json())"


def begin_and_kill(profile: Profile) -> int:
    """Start a server from a program that is then killed; returns the server's pid."""
    given = {"name": "tiny", "engine": profile.engine, "values": dict(profile.values)}
    program = begin(START, **given)
    assert program.stdout
    pid = int(program.stdout.readline())
    program.kill()
    program.communicate()
    return pid


def test_a_server_outlives_the_sigkill_of_its_starter_and_is_adopted(profile: Profile) -> None:
    pid = begin_and_kill(profile)
    (told,) = ask(LIST)
    assert (told["pid"], told["state"]) == (pid, "ready")
    assert told["offload"]["total"] == 3
    with urllib.request.urlopen(f"{told['url']}/health", timeout=10) as reply:  # noqa: S310
        assert reply.status == 200
    ended = ask(STOP, name="tiny")
    assert (ended["state"], ended["pid"], ended["problem"]) == ("stopped", None, None)


def test_a_server_whose_runner_was_killed_too_is_adopted_and_stopped(native: Profile) -> None:
    pid = begin_and_kill(native)
    runner = registry.get("tiny").job.state.runner
    assert runner
    os.kill(runner.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(runner))
    server = registry.get("tiny")
    assert (server.pid, server.state) == (pid, ServerState.READY)
    assert manager.stop(server).state is ServerState.STOPPED


def test_a_server_killed_with_its_runner_is_lost_and_says_so(native: Profile) -> None:
    server = manager.wait_ready(manager.start(native), timeout_s=60)
    runner, child = server.job.state.runner, server.job.state.child
    assert runner
    assert child
    os.kill(runner.pid, signal.SIGKILL)
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not registry.get("tiny").alive, what="the end to be seen")
    found = registry.get("tiny")
    assert found.state is ServerState.LOST
    assert "nobody recorded how" in (found.problem or "")
    again = manager.wait_ready(manager.restart(found), timeout_s=60)
    assert again.port == server.port
