"""A KoboldCPP file of the smoke model, imported and started."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.engines import exchange
from termai.jobs import control, store
from termai.models.resolve import resolve
from termai.models.smoke import questions
from termai.profiles.store import save_profile
from termai.servers import manager
from termai.servers.records import KIND, ServerState
from tests.profiles.foreign.koboldcpp_files import SAMPLES
from tests.support import free_port

SAMPLE = "smoke-1.117.kcpps"


@pytest.fixture
def _stopped(home: Path) -> Iterator[None]:
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


@pytest.mark.usefixtures("_stopped")
def test_a_settings_file_starts_a_server_that_answers(tmp_path: Path) -> None:
    shutil.copy(resolve("builtin:smoke"), tmp_path / "termai-smoke-q8_0.gguf")
    settings = json.loads((SAMPLES / SAMPLE).read_text("utf-8"))
    port = free_port()
    file = tmp_path / SAMPLE
    file.write_text(json.dumps(settings | {"port": port, "port_param": port}), "utf-8")
    [imported] = exchange.read(file)
    profile = exchange.save(imported)
    assert profile.values["path"] == str(tmp_path / "termai-smoke-q8_0.gguf")
    server = manager.wait_ready(manager.start(profile), timeout_s=60)
    assert server.state is ServerState.READY
    assert server.url == f"http://127.0.0.1:{port}"
    asked = next(q for q in questions() if q.kind == "fact" and q.reasoning is None)
    messages = [{"role": m.role, "content": m.content} for m in asked.messages]
    body = json.dumps({"messages": messages, "temperature": 0}).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{server.url}/v1/chat/completions", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        answer = json.load(reply)["choices"][0]["message"]["content"]
    assert answer.strip() == asked.answer
    with urllib.request.urlopen(f"{server.url}/props", timeout=30) as reply:  # noqa: S310
        assert json.load(reply)["total_slots"] == 2


def test_a_file_goes_to_the_disk_and_back_without_a_change() -> None:
    [imported] = exchange.read(SAMPLES / "nemo-1.76.kcpps")
    profile = exchange.save(imported)
    assert profile.kept == imported.profile.kept
    assert profile.values == imported.profile.values
    save_profile(profile.with_values(threads=3))
    assert exchange.write(profile, "koboldcpp", with_secrets=True).private
