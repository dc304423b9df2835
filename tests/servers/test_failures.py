"""Real servers that fail, of both engines: a sentence each, never a traceback, never a hang."""

import os
import signal
import socket
import stat
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from termai.engines import served
from termai.errors import InvalidFileError, StartFailedError
from termai.profiles.profile import Profile
from termai.servers import manager, registry
from termai.servers.records import ServerState
from tests.servers.models import cut, write_tiny
from tests.servers.outside import ask
from tests.support import native_bin, wait_until

PROBED = """#!/bin/sh
case "$*" in *--help*|*--version*|*--list-devices*) exec {real} "$@" ;; esac
"""
GATED = """while [ -e {gate} ]; do sleep 0.02; done
exec {real} "$@"
"""


def failure(profile: Profile) -> StartFailedError:
    with pytest.raises(StartFailedError) as caught:
        manager.wait_ready(manager.start(profile), timeout_s=60)
    error = caught.value
    assert error.fix
    assert error.detail
    assert "Traceback" not in "\n".join([str(error), *error.detail])
    failed = registry.get(profile.name)
    assert failed.state is ServerState.FAILED
    assert failed.problem == str(error)
    return error


@pytest.mark.parametrize("size", [300_000, 3000])
def test_half_a_model_is_refused_before_anything_starts(
    native: Profile, tiny: Path, tmp_path: Path, size: int
) -> None:
    path = cut(tiny, tmp_path / "short.gguf", size)
    with pytest.raises(InvalidFileError, match="cut short"):
        manager.start(native.with_values(path=str(path)))
    assert registry.list_servers() == []


@pytest.mark.parametrize("size", [300_000, 3000])
def test_a_model_that_is_cut_after_it_was_checked(
    profile: Profile, tiny: Path, tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cut(tiny, tmp_path / "short.gguf", size)
    monkeypatch.setattr(served, "resolve", Path)
    told = failure(profile.with_values(path=str(path)))
    assert "short.gguf is cut short or corrupt" in told.message


def test_an_unknown_architecture(profile: Profile, tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "alien.gguf", "mystery")
    told = failure(profile.with_values(path=str(path)))
    assert "architecture mystery of alien.gguf" in told.message


def test_a_quantized_cache_without_flash_attention(profile: Profile) -> None:
    told = failure(profile.with_values(cache_type_v="q8_0", flash_attn="off"))
    assert "needs flash attention" in told.message
    assert "flash_attn" in told.fix


def test_too_little_memory(profile: Profile) -> None:
    """The address space of the starting program bounds that of the server."""
    values = {**profile.values, "ctx_size": 8_000_000}
    body = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (1_700_000_000, 1_700_000_000))
try:
    manager.wait_ready(manager.start(profile()), timeout_s=60)
except TermaiError as error:
    say([error.message, error.fix])
"""
    message, fix = ask(body, name="tiny", engine=profile.engine, values=values)
    assert "too little memory for the KV cache" in message
    assert "ctx_size (now 8000000)" in fix


def test_an_argument_that_the_program_does_not_know(native: Profile, tmp_path: Path) -> None:
    """Its help has no headings, as one written by hand, so that the start is let through."""
    program = gated(tmp_path, "")
    real = native_bin("llama-server")
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *--help*) {real} --help | grep -v ^----- ; exit ;; esac\n'
        f'exec {real} "$@"\n'
    )
    told = failure(replace(native, args={"llama-server": ("--frobnicate",)}))
    assert "does not know the option --frobnicate" in told.message
    assert "does not know --frobnicate" in registry.get(native.name).warnings[0]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (signal.SIGSEGV, "crashed (SIGSEGV)"),
        (signal.SIGILL, "built for another one"),
        (signal.SIGABRT, "SIGABRT"),
        (signal.SIGKILL, "killed from outside (SIGKILL)"),
    ],
)
def test_a_signal(profile: Profile, number: signal.Signals, words: str) -> None:
    server = manager.wait_ready(manager.start(profile), timeout_s=60)
    assert server.pid
    os.kill(server.pid, number)
    wait_until(lambda: not registry.get("tiny").alive, what="the end to be recorded")
    failed = registry.get("tiny")
    assert failed.state is ServerState.FAILED
    assert words in (failed.problem or "")
    assert failed.exit
    assert failed.exit.signal == number.name


def test_a_program_that_cannot_be_executed(native: Profile) -> None:
    script = gated(Path(os.environ["HOME"]), "exec /nowhere/llama-server\n")
    told = failure(native)
    assert "ended with code 127" in told.message
    assert script.exists()


@pytest.fixture
def gate(native: Profile, home: Path) -> Path:
    """Return a file that keeps llama-server from starting for as long as it exists."""
    path = home / "gate"
    path.touch()
    gated(home, GATED.format(real=native_bin("llama-server"), gate=path))
    return path


def gated(home: Path, script: str) -> Path:
    """Configure a script in the place of llama-server."""
    program = home / "llama-server"
    program.write_text(PROBED.format(real=native_bin("llama-server")) + script)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    config = Path(os.environ["TERMAI_CONFIG_DIR"])
    config.mkdir(parents=True, exist_ok=True)
    (config / "config.toml").write_text(f'schema = 1\nllama_server = "{program}"\n')
    return program


def test_a_port_that_is_lost_between_check_and_bind_is_changed_once(
    native: Profile, gate: Path
) -> None:
    first = manager.start(native)
    with socket.create_server(("127.0.0.1", first.port)):
        gate.unlink()
        server = manager.wait_ready(first, timeout_s=60)
    assert server.port != first.port
    assert server.state is ServerState.READY
    assert registry.get("tiny").port == server.port


def test_a_port_that_the_profile_insists_on_is_not_changed(native: Profile, gate: Path) -> None:
    first = manager.start(native.with_values(port_strict=True))
    with socket.create_server(("127.0.0.1", first.port)):
        gate.unlink()
        with pytest.raises(StartFailedError, match="in use by another program"):
            manager.wait_ready(first, timeout_s=60)


@pytest.mark.usefixtures("gate")
def test_a_slow_start_is_reported_and_left_alone(native: Profile) -> None:
    server = manager.start(native)
    began = time.monotonic()
    with pytest.raises(StartFailedError, match="not ready after"):
        manager.wait_ready(server, timeout_s=0.3)
    assert time.monotonic() - began < 5.0
    assert registry.get("tiny").state is ServerState.STARTING


class Foreign(BaseHTTPRequestHandler):
    """Answers /health as llama-server does."""

    def do_GET(self) -> None:
        body = b'{"status":"ok"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.mark.usefixtures("gate")
def test_somebody_elses_server_on_the_port_is_not_taken_for_ours(native: Profile) -> None:
    server = manager.start(native)
    foreign = HTTPServer(("127.0.0.1", server.port), Foreign)
    thread = threading.Thread(target=foreign.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(StartFailedError, match="not ready after"):
            manager.wait_ready(server, timeout_s=1.5)
    finally:
        foreign.shutdown()
        foreign.server_close()
        thread.join(5)


def test_a_server_whose_log_has_no_word_for_it_is_seen_to_be_ready(
    native: Profile, home: Path
) -> None:
    gated(home, f'exec {native_bin("llama-server")} "$@" 2>/dev/null >/dev/null\n')
    server = manager.wait_ready(manager.start(native), timeout_s=60)
    assert server.state is ServerState.READY
    assert registry.get("tiny").state is ServerState.READY


def test_escape_sequences_in_a_failing_servers_log_stay_there(native: Profile, home: Path) -> None:
    gated(home, "printf 'error: \\033]0;owned\\007\\033[2Jbad \\233x\\n' >&2; exit 3\n")
    told = failure(native)
    assert told.message.isprintable()
    assert all(line.isprintable() for line in told.detail)
    assert "bad" in told.message
