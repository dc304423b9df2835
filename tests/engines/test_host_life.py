"""The embedded engine's life: listening, loading, failing, stopping."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from termai.engines.host.settings import VARIABLE
from tests.engines.conftest import Serve
from tests.support import free_port, wait_until


def refused(server_log: str) -> str:
    """Return the one line in which the host says why it gives up."""
    lines = [line for line in server_log.splitlines() if line.startswith("termai: error: ")]
    assert len(lines) == 1, server_log[-2000:]
    return lines[0]


def test_it_listens_before_the_model_is_loaded_and_says_so(serve: Serve, model: Path) -> None:
    server = serve(wait=False)
    seen: list[int] = []

    def healthy() -> bool:
        seen.append(server.health())
        return seen[-1] == 200

    wait_until(healthy)
    assert 503 in seen
    order = ["listening on", f"loading {model}", "loaded in", "main: model loaded"]
    positions = [server.log.index(f"termai: {text}") for text in order]
    assert positions == sorted(positions)


def test_while_it_loads_probes_are_answered_and_questions_refused(
    serve: Serve, slow_model: Path
) -> None:
    server = serve(path=slow_model, wait=False)
    wait_until(lambda: server.health() == 503)
    assert server.ask("GET", "/health").json["error"]["message"] == "Loading model"
    assert server.ask("GET", "/v1/models").json["data"][0]["id"] == slow_model.stem
    assert server.chat("hello").status == 503
    assert server.ask("POST", "/tokenize", {"content": "hello"}).status == 503


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("gone.gguf", "does not exist"),
        ("garbage.gguf", "invalid magic"),
        ("alien.gguf", "unknown model architecture: 'mystery'"),
        ("cut.gguf", "data is not within the file bounds"),
    ],
)
def test_a_model_that_does_not_load_ends_it_with_one_clear_line(
    serve: Serve, models: Path, name: str, cause: str
) -> None:
    server = serve(path=models / name, wait=False)
    assert server.ended() == 5
    line = refused(server.log)
    assert cause in line
    assert name in line
    assert "Traceback" not in server.log


def test_llama_cpps_own_words_about_the_failure_stay_in_the_log(serve: Serve, models: Path) -> None:
    server = serve(path=models / "alien.gguf", wait=False)
    server.ended()
    assert "llama_model_load: error loading model" in server.log


def test_a_taken_port_is_known_before_anything_is_loaded(serve: Serve, slow_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = serve(path=slow_model, wait=False, port=port)
        assert server.ended() == 5
    line = refused(server.log)
    assert f"Port {port} on 127.0.0.1" in line
    assert "Address already in use" in line
    assert "loading" not in server.log


def test_a_quantized_v_cache_without_flash_attention_is_explained(serve: Serve) -> None:
    server = serve(wait=False, flash_attn="off", cache_type_v="q8_0")
    assert server.ended() == 5
    assert "flash" in refused(server.log).lower()


def test_without_its_settings_it_says_who_starts_it() -> None:
    env = {k: v for k, v in os.environ.items() if k != VARIABLE}
    argv = [sys.executable, "-m", "termai.engines.host"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "termai starts this module" in done.stderr
    done = subprocess.run(
        argv, env={**env, VARIABLE: "{}"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_devices_are_printed_as_json() -> None:
    argv = [sys.executable, "-m", "termai.engines.host", "--devices"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.strip().startswith("[")


def test_the_environment_does_not_change_what_the_profile_says(serve: Serve) -> None:
    other = free_port()
    hostile = {
        "HOST": "0.0.0.0",
        "PORT": str(other),
        "MODEL": "/nowhere.gguf",
        "MODEL_ALIAS": "intruder",
        "N_CTX": "64",
        "CACHE": "definitely",
        "API_KEY": "unknown-to-termai",
        "CONFIG_FILE": "/nowhere.json",
        "LOGITS_ALL": "true",
        "USE_MLOCK": "true",
        "INTERRUPT_REQUESTS": "true",
        "WEB_CONCURRENCY": "4",
        "ROOT_PATH": "/elsewhere",
    }
    server = serve(env=hostile)
    assert server.ask("GET", "/props").json["default_generation_settings"]["n_ctx"] == 512
    assert server.ask("GET", "/v1/models").json["data"][0]["id"] == "tiny"
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", other)) != 0


def test_the_directory_it_starts_in_hides_no_module(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('hidden')")
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('hidden')")
    assert serve().health() == 200


def test_the_log_says_where_layers_and_buffers_are(serve: Serve) -> None:
    log = serve().log
    for text in ("model buffer size", "KV buffer size", "compute buffer size", "offloaded 3/3"):
        assert text in log
    assert "assigned to device CPU" in log


def test_memory_is_not_spent_on_the_logits_of_every_token(serve: Serve, models: Path) -> None:
    """With logits_all, prompt x vocabulary x 4 bytes are written: 140 MB here."""
    server = serve(path=models / "wide.gguf", ctx_size=4096)
    process = psutil.Process(server.process.pid)
    assert server.chat("hello", max_tokens=1).status == 200
    before = process.memory_info().rss
    assert server.chat("x " * 850, max_tokens=1).status == 200
    assert process.memory_info().rss - before < 60 << 20


def test_the_model_is_not_locked_in_memory(serve: Serve) -> None:
    status = Path(f"/proc/{serve().process.pid}/status").read_text()
    assert re.search(r"VmLck:\s+0 kB", status)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_at_once_when_idle(
    serve: Serve, number: signal.Signals, code: int
) -> None:
    ended, seconds = serve().stop_takes(number)
    assert ended == code
    assert seconds < 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_while_it_loads(
    serve: Serve, slow_model: Path, number: signal.Signals, code: int
) -> None:
    server = serve(path=slow_model, wait=False)
    wait_until(lambda: "termai: loading" in server.log)
    ended, seconds = server.stop_takes(number)
    assert ended == code
    assert seconds < 6


@pytest.mark.parametrize("stream", [True, False])
def test_a_signal_ends_it_in_the_middle_of_an_answer(serve: Serve, stream: bool) -> None:
    server = serve(ctx_size=4096)
    connection = server.connect()
    used = server.cpu_seconds()
    connection.request("POST", "/v1/completions", json.dumps({**ENDLESS, "stream": stream}))
    wait_until(lambda: server.cpu_seconds() > used + 0.2)
    code, seconds = server.stop_takes()
    connection.close()
    assert code == 0
    assert seconds < 6


ENDLESS = {"prompt": "x " * 500, "max_tokens": 2900}
