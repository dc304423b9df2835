"""A KoboldCPP file of the smoke model, imported and started."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from termai.engines import exchange
from termai.jobs import control, store
from termai.models.resolve import resolve
from termai.models.smoke import questions
from termai.profiles.store import load_profile, save_profile
from termai.servers import manager
from termai.servers.records import KIND, Server, ServerState
from tests.profiles.foreign.koboldcpp_files import SAMPLES
from tests.support import free_port

MODEL = "termai-smoke-q8_0.gguf"
SAMPLE = "smoke-1.117.kcpps"
OTHERS = ("mythomax-1.50.kcpps", "qwen-1.93.kcpps", "gemma-1.102.kcpps", "qwen3-1.117.kcppt")


@pytest.fixture
def _stopped(home: Path) -> Iterator[None]:
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


def settings(name: str, directory: Path, **changes: Any) -> Path:
    """Write a recorded file with another port into a directory that has the smoke model."""
    shutil.copy(resolve("builtin:smoke"), directory / MODEL)
    recorded = json.loads((SAMPLES / name).read_text("utf-8"))
    port = free_port()
    file = directory / name
    file.write_text(json.dumps(recorded | {"port": port, "port_param": port} | changes), "utf-8")
    return file


def started(file: Path) -> Server:
    """Import a file as a profile, save it and start it."""
    [imported] = exchange.read(file)
    profile = exchange.save(imported)
    assert profile.values["path"] == str(file.parent / MODEL)
    server = manager.wait_ready(manager.start(profile), timeout_s=60)
    assert server.state is ServerState.READY
    return server


def fetched(url: str, body: dict[str, Any] | None = None) -> Any:
    """Return what a server answers."""
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        return json.load(reply)


def answers(server: Server) -> None:
    """Ask the server a question whose answer is documented."""
    asked = next(q for q in questions() if q.kind == "fact" and q.reasoning is None)
    messages = [{"role": m.role, "content": m.content} for m in asked.messages]
    body = {"messages": messages, "temperature": 0}
    answer = fetched(f"{server.url}/v1/chat/completions", body)
    assert answer["choices"][0]["message"]["content"].strip() == asked.answer


@pytest.mark.usefixtures("_stopped")
def test_a_settings_file_starts_a_server_that_answers(tmp_path: Path) -> None:
    file = settings(SAMPLE, tmp_path)
    server = started(file)
    port = json.loads(file.read_text("utf-8"))["port"]
    assert server.url == f"http://127.0.0.1:{port}"
    answers(server)
    assert fetched(f"{server.url}/props")["total_slots"] == 2


@pytest.mark.usefixtures("_stopped")
@pytest.mark.parametrize("name", OTHERS)
def test_recorded_settings_start_with_another_model(name: str, tmp_path: Path) -> None:
    recorded = json.loads((SAMPLES / name).read_text("utf-8"))
    draft = {"draftmodel": MODEL} if recorded.get("draftmodel") else {}
    fitting = {"contextsize": 1024, "threads": 1, "mmproj": None, "lora": None}
    answers(started(settings(name, tmp_path, model_param=MODEL, **fitting, **draft)))


def test_a_file_goes_to_the_disk_and_back_without_a_change() -> None:
    [imported] = exchange.read(SAMPLES / "nemo-1.76.kcpps")
    profile = exchange.save(imported)
    assert profile.kept == imported.profile.kept
    assert profile.values == imported.profile.values
    save_profile(profile.with_values(threads=3))
    again = load_profile(profile.name)
    assert again.values["threads"] == 3
    assert again.kept == profile.kept
    assert exchange.write(again, "koboldcpp", with_secrets=True).private
