"""Servers that run already, from the start to the stop of their watch."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from termai.chat import oneshot
from termai.chat.sampling import Sampling
from termai.cli import endpoints
from termai.errors import StartFailedError
from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.servers import in_use, launching, manager, registry
from termai.servers.preview import Previewer
from termai.servers.records import KIND, Server, ServerState
from tests.fakes.remote_servers import LM_STUDIO, OLLAMA, UNLOADED, VLLM, RemoteServer
from tests.support import free_port, wait_until


@pytest.fixture(autouse=True)
def _watches_end(home: Path) -> Iterator[None]:
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


def profile(url: str, **values: Any) -> Profile:
    return Profile("elsewhere", engine="openai").with_values(url=url, **values)


def started(wanted: Profile) -> Server:
    return manager.wait_ready(manager.start(wanted), timeout_s=60)


def test_it_becomes_ready_is_listed_and_stops() -> None:
    with RemoteServer.of(VLLM, health=(200, "")) as other:
        server = started(profile(f"{other.url}/v1", alias="Qwen/Qwen3-8B"))
        assert server.state is ServerState.READY
        assert (server.url, server.port) == (other.url, other.port)
        assert server.ctx_size == server.as_json()["ctx_size"] == 40960
        assert server.model == "Qwen/Qwen3-8B"
        assert server.problem is None
        assert manager.stop(server).state is ServerState.STOPPED


def test_a_model_left_open_is_none_in_the_record() -> None:
    with RemoteServer.of(LM_STUDIO) as other:
        server = started(profile(other.url))
        assert server.model == ""
        assert Path() not in in_use.files()


def test_one_that_loads_is_waited_for() -> None:
    with RemoteServer.of(OLLAMA, health=(503, UNLOADED)) as other:
        server = manager.start(profile(other.url))
        wait_until(lambda: registry.get("elsewhere").state is ServerState.LOADING)
        other.answers["/health"] = (200, {"status": "ok"})
        assert manager.wait_ready(server, timeout_s=60).state is ServerState.READY


@pytest.mark.parametrize(
    ("key", "values", "words"),
    [
        ("right", {}, "does not let termai in (HTTP 401)"),
        ("", {"alias": "llama4"}, "has no model llama4: it offers qwen3:8b, gemma3:latest"),
    ],
)
def test_why_it_is_not_usable_is_explained(key: str, values: dict[str, Any], words: str) -> None:
    with RemoteServer.of(OLLAMA, key=key) as other, pytest.raises(StartFailedError) as caught:
        started(profile(other.url, **values))
    assert words in caught.value.message
    assert other.url in caught.value.message
    assert "elsewhere" in caught.value.fix


def test_another_program_at_the_address_is_explained() -> None:
    with RemoteServer() as other, pytest.raises(StartFailedError) as caught:
        started(profile(other.url))
    assert "no server with the OpenAI API" in caught.value.message


def test_nobody_at_the_address_is_explained() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StartFailedError) as caught:
        started(profile(url))
    assert caught.value.message == f"{url} does not answer: the connection was refused."


def test_the_key_reaches_the_server_and_no_record(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("open-sesame\n")
    with RemoteServer.of(OLLAMA, key="open-sesame") as other:
        server = started(profile(other.url, api_key_file=str(key)))
        assert other.asked[0][1] == "Bearer open-sesame"
        for path in server.job.directory.rglob("*"):
            assert not path.is_file() or b"open-sesame" not in path.read_bytes(), path


@pytest.mark.slow
def test_one_that_goes_away_is_told_and_comes_back() -> None:
    port = free_port()
    other = RemoteServer.of(OLLAMA).start(port)
    try:
        started(profile(other.url))
        other.end()
        wait_until(lambda: registry.get("elsewhere").problem, timeout=60)
        gone = registry.get("elsewhere")
        assert gone.state is ServerState.STARTING
        assert "does not answer any more: the connection was refused" in str(gone.problem)
        other.start(port)
        wait_until(lambda: registry.get("elsewhere").state is ServerState.READY, timeout=60)
        assert registry.get("elsewhere").problem is None
    finally:
        other.end()


def test_its_port_is_nobodys_here() -> None:
    """Another profile may listen on the same number: a server elsewhere does not take it."""
    with RemoteServer.of(OLLAMA) as other:
        started(profile(other.url.replace("127.0.0.1", "localhost")))
        wanted = Profile("own").with_values(host="127.0.0.2", port=other.port)
        assert launching.choose_port(wanted) == other.port


def test_a_restart_watches_the_same_address() -> None:
    with RemoteServer.of(OLLAMA) as other:
        server = started(profile(other.url))
        again = manager.wait_ready(manager.restart(server), timeout_s=60)
        assert again.url == other.url
        assert again.pid != server.pid
        changed = profile(other.url, temperature=0.2)
        third = manager.wait_ready(manager.restart_with(again, changed), timeout_s=60)
        assert third.option("temperature") == 0.2


def test_a_preview_has_the_command_and_no_problem() -> None:
    preview = Previewer().preview(profile("http://127.0.0.1:11434", alias="qwen3:8b"))
    assert preview.engine == "openai"
    assert preview.command[-1] == "termai.engines.watcher"
    assert preview.problem == ""
    assert preview.clashes == ()


def test_a_preview_tells_what_is_missing() -> None:
    preview = Previewer().preview(Profile("x", engine="openai").with_values(ctx_size=4096))
    assert {clash.name for clash in preview.clashes} == {"no-address", "option-not-of-this-engine"}
    assert json.dumps(preview.command) == "[]"


def test_a_server_of_termai_is_asked_through_the_engine(native: Profile) -> None:
    """llama-server itself is watched, and the chat finds out that it is one."""
    behind = manager.wait_ready(manager.start(native), timeout_s=60)
    server = started(profile(f"{behind.url}/v1"))
    assert server.state is ServerState.READY
    endpoint = endpoints.of_server(server)
    assert (endpoint.base_url, endpoint.engine, endpoint.model) == (behind.url, "", "")
    answer = asyncio.run(
        oneshot.answer(endpoint, "hi", sampling=Sampling.from_mapping({"max_tokens": 4}))
    )
    assert answer.stats.tokens_per_second
