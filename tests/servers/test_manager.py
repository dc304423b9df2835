"""Real servers of both engines: started, asked, restarted and stopped."""

import json
import os
import signal
import socket
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from termai import locks
from termai.errors import InvalidFileError, NotFoundError, StartFailedError, UsageError
from termai.jobs import control, store
from termai.models import library
from termai.paths import profiles_dir
from termai.profiles.names import check_name
from termai.profiles.profile import Profile
from termai.profiles.schema import option
from termai.profiles.store import save_profile
from termai.servers import health, launching, manager, registry
from termai.servers.facts import Stage
from termai.servers.health import Health
from termai.servers.ports import why_not
from termai.servers.readiness import Progress
from termai.servers.records import Server, ServerState
from tests.models import files
from tests.servers.outside import answer, begin
from tests.support import free_port, wait_until

CHAT = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


def started(profile: Profile) -> Server:
    return manager.wait_ready(manager.start(profile), timeout_s=60)


def request(server: Server) -> dict[str, Any]:
    asked = urllib.request.Request(  # noqa: S310
        f"{server.url}/v1/chat/completions",
        data=json.dumps(CHAT).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=30) as reply:  # noqa: S310
        return dict(json.load(reply))


def test_a_server_becomes_ready_answers_and_stops(profile: Profile) -> None:
    stages: list[Progress] = []
    server = manager.wait_ready(manager.start(profile), timeout_s=60, on_progress=stages.append)
    assert server.state is ServerState.READY
    assert stages[-1].text == "ready"
    assert health.probe(server.url) is Health.READY
    assert request(server)["choices"]
    timed = wait_until(lambda: registry.get("tiny").as_json()["timings"], what="timings")
    assert timed["completion_tokens"] > 0
    ended = manager.stop(server)
    assert ended.state is ServerState.STOPPED
    assert ended.problem is None
    assert health.probe(server.url) is Health.UNREACHABLE


def test_what_is_listed_proves_where_the_layers_are(profile: Profile) -> None:
    server = started(profile)
    told = registry.list_servers()[0].as_json()
    assert told["name"] == told["profile"] == "tiny"
    assert told["engine"] == profile.engine
    assert told["offload"] == {"layers": 0, "total": 3, "devices": ["CPU"]}
    assert told["ctx_size"] == 256
    assert told["model"] == profile.value("path")
    assert told["pid"] == server.pid
    assert told["problem"] is None
    assert {"model", "KV", "compute"} <= {buffer["what"] for buffer in told["buffers"]}


def test_a_running_server_is_not_started_twice(native: Profile) -> None:
    server = manager.start(native)
    with pytest.raises(UsageError, match="already running"):
        manager.start(native)
    assert manager.ensure(native).pid == server.pid
    assert manager.start(native, name="other").port != server.port
    assert len(registry.list_servers(past=False)) == 2


def test_two_programs_that_start_it_at_once_get_one_server(native: Profile) -> None:
    given = {"name": "tiny", "engine": native.engine, "values": dict(native.values)}
    programs = [begin("say(manager.ensure(profile()).pid)", **given) for _ in range(3)]
    pids = {answer(program) for program in programs}
    assert pids == {registry.get("tiny").pid}
    assert len(registry.list_servers()) == 1


def test_a_taken_port_gives_the_next_free_one(native: Profile) -> None:
    with socket.create_server(("127.0.0.1", int(native.value("port")))):
        server = started(native)
    assert server.port > native.value("port")
    assert server.url.endswith(f":{server.port}")


def test_a_profile_that_insists_on_a_taken_port_is_refused_by_name(native: Profile) -> None:
    first = manager.start(native)
    with pytest.raises(UsageError, match=f"Port {first.port} .* server tiny, .* insists"):
        manager.start(replace(native.with_values(port_strict=True), name="strict"))


def test_an_address_of_another_machine_is_refused_before_the_start(native: Profile) -> None:
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        manager.start(native.with_values(host="192.0.2.1", api_key_file=str(key_file())))
    assert registry.list_servers() == []


def key_file() -> Path:
    path = Path(os.environ["HOME"]) / "key"
    path.write_text("a-key-for-tests\n")
    path.chmod(0o600)
    return path


def test_files_are_checked_before_the_start(native: Profile, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.gguf"
    garbage.write_text("this is not a model")
    with pytest.raises(NotFoundError, match="nowhere"):
        manager.start(native.with_values(path=str(tmp_path / "nowhere.gguf")))
    with pytest.raises(InvalidFileError, match="GGUF"):
        manager.start(native.with_values(path=str(garbage)))
    assert registry.list_servers() == []


def test_a_restart_keeps_port_and_options_whatever_the_profile_says_now(profile: Profile) -> None:
    first = started(profile)
    again = manager.wait_ready(manager.restart(first), timeout_s=60)
    assert again.port == first.port
    assert again.pid != first.pid
    assert again.job.spec.argv == first.job.spec.argv
    assert again.job.spec.meta == first.job.spec.meta


def test_a_stopped_server_starts_again_on_its_port(native: Profile) -> None:
    first = manager.stop(manager.start(native))
    assert not first.alive
    again = manager.restart(first)
    assert manager.wait_ready(again, timeout_s=60).port == first.port
    assert again.job.id != first.job.id


def test_a_restart_that_cannot_succeed_stops_nothing(native: Profile, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(Path(str(native.value("path"))).read_bytes())
    server = started(native.with_values(path=str(copy)))
    copy.unlink()
    with pytest.raises(NotFoundError):
        manager.restart(server)
    assert registry.get("tiny").state is ServerState.READY


def test_everything_a_profile_says_is_recorded_and_comes_back(native: Profile) -> None:
    full = replace(
        native.with_values(n_gpu_layers="all", tensor_split=[1, 2.5], cors_origins=["localhost"]),
        args={"llama-server": ("--slot-prompt-similarity", "0.2")},
        env={"OMP_NUM_THREADS": "1"},
    )
    server = manager.start(full)
    back = launching.recorded_profile(server)
    assert dict(back.values) == dict(full.values)
    assert dict(back.args) == dict(full.args)
    assert dict(back.env) == dict(full.env)
    assert "--slot-prompt-similarity" in server.job.spec.argv


def test_no_record_of_a_start_holds_the_key(native: Profile) -> None:
    path = key_file()
    server = started(native.with_values(api_key_file=str(path)))
    key = path.read_text().strip()
    for file in server.job.directory.iterdir():
        assert key not in file.read_text(errors="replace")
    assert key not in " ".join(server.job.spec.argv)


def test_a_server_that_ignores_sigterm_is_killed_after_its_grace(native: Profile) -> None:
    config = Path(os.environ["TERMAI_CONFIG_DIR"])
    config.mkdir(parents=True, exist_ok=True)
    (config / "config.toml").write_text("schema = 1\nstop_grace_s = 1\n")
    server = started(native)
    assert server.pid
    os.kill(server.pid, signal.SIGSTOP)
    ended = manager.stop(server)
    assert ended.state is ServerState.STOPPED
    assert ended.exit
    assert (ended.exit.signal, ended.exit.reason) == ("SIGKILL", "stopped")


def test_a_server_that_is_being_stopped_is_waited_for_and_started_anew(native: Profile) -> None:
    first = started(native)
    control.stop(first.job, wait=False)
    again = manager.ensure(native)
    assert again.job.id != first.job.id
    assert again.port == first.port
    assert not registry.refresh(first).alive


@pytest.mark.skipif(not socket.has_ipv6 or bool(why_not("::1", 0)), reason="no IPv6 loopback")
def test_a_server_on_ipv6_is_reached(profile: Profile) -> None:
    server = started(profile.with_values(host="::1"))
    assert server.url.startswith("http://[::1]:")
    assert request(server)["choices"]


def test_waiting_ends_when_somebody_stops_the_server(native: Profile) -> None:
    server = manager.start(native)
    manager.stop(server)
    with pytest.raises(StartFailedError, match="stopped before it was ready"):
        manager.wait_ready(server, timeout_s=30)


def test_a_bare_file_becomes_a_profile_named_after_it(native: Profile, tmp_path: Path) -> None:
    model = Path(str(native.value("path")))
    made = manager.for_model(model)
    assert made.name == "tiny"
    assert made.value("path") == str(model)
    manager.start(native)
    assert manager.for_model(model).name == "tiny"
    assert manager.for_model(tmp_path / "tiny.gguf").name == "tiny-2"


def test_a_bare_file_does_not_take_the_name_of_a_profile(tmp_path: Path) -> None:
    save_profile(Profile(name="mine", description="of another model"))
    (profiles_dir() / "broken.toml").write_text("[")
    assert manager.for_model(tmp_path / "smoke.gguf").name == "smoke-2"
    assert manager.for_model(tmp_path / "mine.gguf").name == "mine-2"
    assert manager.for_model(tmp_path / "broken.gguf").name == "broken-2"


def test_a_slow_check_of_one_profile_lets_other_programs_start(
    native: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def while_another_starts(profile: Profile, *, force: bool) -> launching.Plan:
        with locks.lock("servers", timeout_s=0.0):
            return launching.plan(profile, force=force)

    monkeypatch.setattr(manager, "plan", while_another_starts)
    server = manager.start(native)
    assert manager.restart(manager.ensure(native)).pid != server.pid


@pytest.mark.parametrize(
    "file",
    [
        "-rf.gguf",
        "...gguf",
        "a:b\u202e\\c.gguf",
        "ü" * 100 + ".gguf",
        "𝔘" * 60 + ".gguf",
        "Qwen3 8B.Q4_K_M.gguf",
    ],
)
def test_any_file_name_gives_a_name_that_a_profile_may_have(file: str, tmp_path: Path) -> None:
    name = manager.for_model(tmp_path / file).name
    assert check_name(name) == name


def test_the_server_of_a_model_of_ollama_is_called_as_ollama_calls_it(home: Path) -> None:
    root = home / "home/.ollama/models"
    blob = files.model(files.blob(root, "m"))
    files.tag(root, "registry.ollama.ai/library/qwen3/8b", model="m")
    assert manager.for_model(blob).name == blob.name[:60]
    library.look()
    made = manager.for_model(blob)
    assert (made.name, made.value("path")) == ("qwen3-8b", str(blob))
    assert made.description == "Runs qwen3:8b."


def test_the_default_port_is_the_schemas(tiny: Path) -> None:
    assert manager.for_model(tiny).value("port") == option("port").default


def test_progress_has_words_for_every_stage() -> None:
    for stage in Stage:
        assert Progress(stage, None, 0.0).text


def test_old_logs_of_a_name_are_pruned(native: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "KEPT", 1)
    for _ in range(3):
        manager.stop(manager.start(native))
    assert len(store.list_jobs()) == 2
    assert len(registry.list_servers()) == 1


def test_unknown_names_are_answered_with_the_known_ones(native: Profile) -> None:
    with pytest.raises(NotFoundError, match="none was started yet"):
        registry.get("tiny")
    manager.start(native)
    with pytest.raises(NotFoundError, match="There is: tiny"):
        registry.get("tini")
    assert free_port() != registry.get("tiny").port
