"""What differs between a profile and a server that runs, and a restart that makes it true."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from termai.errors import NotFoundError, UsageError
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.servers import manager, registry
from termai.servers.changes import Changes, changes
from termai.servers.overriding import in_force
from termai.servers.records import ServerState
from tests.support import free_port


def saved(profile: Profile) -> Profile:
    save_profile(profile)
    return load_profile(profile.name)


def keys(found: Changes) -> tuple[list[str], list[str]]:
    return [one.key for one in found.restart], [one.key for one in found.live]


def test_the_profile_of_a_server_differs_in_nothing(native: Profile) -> None:
    profile = saved(replace(native, env={"OMP_NUM_THREADS": "1"}))
    server = manager.start(profile)
    assert not changes(server, profile)
    assert not changes(server, replace(profile, engine="auto", description="another"))


def test_what_takes_a_restart_and_what_does_not(native: Profile) -> None:
    server = manager.start(saved(native.with_values(temperature=0.1)))
    new = replace(
        native.with_values(
            ctx_size=512, temperature=None, system_prompt="Be brief.", reasoning_budget=0
        ),
        env={"OMP_NUM_THREADS": "1"},
        args={"llama-server": ("--slots",), "llama-cpp-python": ("--x",)},
        engine="llama-cpp-python",
        kept={"ollama": {"TEMPLATE": "x"}},
    )
    found = changes(server, new)
    assert keys(found) == (
        [
            "engine",
            "load.ctx_size",
            "chat.reasoning_budget",
            "args.llama-server",
            "env.OMP_NUM_THREADS",
        ],
        ["sampling.temperature", "chat.system_prompt"],
    )
    told = {one.key: (one.before, one.after) for one in (*found.restart, *found.live)}
    assert told["load.ctx_size"] == ("256", "512")
    assert told["sampling.temperature"] == ("0.1", None)


def test_a_value_that_is_the_default_is_no_difference_from_none(native: Profile) -> None:
    server = manager.start(saved(native.with_values(flash_attn="auto", batch_size=512)))
    new = native.with_values(mmap=True, batch_size=None)
    assert keys(changes(server, new)) == (["load.batch_size"], [])


def test_what_says_how_a_server_is_started_changes_nothing_in_it(native: Profile) -> None:
    server = manager.start(saved(native))
    found = changes(server, native.with_values(port_strict=True))
    assert keys(found) == ([], [])
    assert [one.key for one in found.later] == ["server.port_strict"]
    assert found


def test_what_was_given_for_one_start_takes_a_restart(native: Profile) -> None:
    profile = saved(native.with_values(temperature=0.1, top_k=5))
    server = manager.start(profile.with_values(temperature=0.9))
    assert keys(changes(server, profile)) == (["sampling.temperature"], [])
    later = saved(profile.with_values(temperature=0.2, top_k=7))
    assert in_force(server)["temperature"] == 0.9
    assert in_force(server)["top_k"] == 7
    assert keys(changes(server, later)) == (["sampling.temperature"], ["sampling.top_k"])


def test_a_saved_profile_is_in_force_for_what_needs_no_start(native: Profile) -> None:
    profile = saved(native.with_values(temperature=0.1, system_prompt="Old."))
    server = manager.start(profile)
    assert in_force(server) == server.job.spec.meta["values"]
    saved(profile.with_values(temperature=None, system_prompt="New.", ctx_size=512))
    now = in_force(server)
    assert "temperature" not in now
    assert now["system_prompt"] == "New."
    assert now["ctx_size"] == 256


def test_without_a_saved_profile_the_record_is_in_force(native: Profile) -> None:
    server = manager.start(native.with_values(temperature=0.3))
    saved(Profile("tiny").with_values(temperature=0.7))
    assert in_force(server)["temperature"] == 0.3


def test_a_restart_with_another_profile_keeps_name_and_port(native: Profile) -> None:
    first = manager.wait_ready(manager.start(native), timeout_s=60)
    new = replace(native.with_values(ctx_size=512), name="renamed")
    again = manager.wait_ready(manager.restart_with(first, new), timeout_s=60)
    assert (again.name, again.profile, again.port) == ("tiny", "renamed", first.port)
    assert again.ctx_size == 512
    assert not registry.refresh(first).alive
    assert not changes(again, new)


def test_a_restart_with_another_port_moves(native: Profile) -> None:
    first = manager.start(native)
    port = free_port()
    assert manager.restart_with(first, native.with_values(port=port)).port == port


def test_a_server_that_had_to_move_stays_where_it_is(native: Profile) -> None:
    with socket.create_server(("127.0.0.1", int(native.value("port")))):
        first = manager.start(native)
    assert first.port != native.value("port")
    assert manager.restart_with(first, native.with_values(ctx_size=512)).port == first.port
    strict = native.with_values(port_strict=True)
    assert manager.restart_with(first, strict).port == native.value("port")


@pytest.mark.parametrize("wrong", ["model", "option", "host", "port"])
def test_a_restart_that_cannot_succeed_stops_nothing(
    native: Profile, wrong: str, tmp_path: Path
) -> None:
    server = manager.wait_ready(manager.start(native), timeout_s=60)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bad = {
            "model": native.with_values(path=str(tmp_path / "nowhere.gguf")),
            "option": native.with_values(chat_template_file="nowhere.jinja"),
            "host": native.with_values(host="192.0.2.1", api_key_file=str(key_file())),
            "port": native.with_values(port=taken.getsockname()[1], port_strict=True),
        }
        with pytest.raises((NotFoundError, UsageError)):
            manager.restart_with(server, bad[wrong])
    assert registry.get("tiny").state is ServerState.READY
    assert registry.get("tiny").pid == server.pid


def key_file() -> Path:
    path = Path(os.environ["HOME"]) / "key"
    path.write_text("a-key-for-tests\n")
    path.chmod(0o600)
    return path
