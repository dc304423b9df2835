"""What one look at each kind of server shows."""

import http.server
import json
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.engines.watcher.asking import Answer, UnansweredError, get
from termai.engines.watcher.looking import Seen, Server, State, judge
from termai.profiles.addresses import parse
from tests.fakes.remote_servers import (
    LM_STUDIO,
    LM_STUDIO_OTHER,
    OLLAMA,
    OLLAMA_EMPTY,
    UNLOADED,
    VLLM,
    RemoteServer,
)
from tests.support import free_port


def look(server: RemoteServer, model: str = "", key: str = "") -> Seen:
    return Server(parse(server.url), model, key, 5.0).look()


def test_ollama_is_ready_and_names_its_models() -> None:
    with RemoteServer.of(OLLAMA) as server:
        seen = look(server, "qwen3:8b")
    assert seen == Seen(State.READY, "it offers qwen3:8b, gemma3:latest", model="qwen3:8b")


def test_ollama_knows_a_model_without_its_tag_as_latest() -> None:
    with RemoteServer.of(OLLAMA) as server:
        assert look(server, "gemma3").state is State.READY
        assert look(server, "qwen3") == Seen(State.MISSING, "it offers qwen3:8b, gemma3:latest")


def test_ollama_without_a_model_is_told_apart_from_another_server() -> None:
    with RemoteServer.of(OLLAMA_EMPTY) as server:
        assert look(server) == Seen(State.MISSING, "it offers no model")


def test_lm_studio_is_ready_although_it_has_no_health() -> None:
    with RemoteServer.of(LM_STUDIO, health=(200, LM_STUDIO_OTHER)) as server:
        assert look(server).state is State.READY


def test_vllm_tells_its_context() -> None:
    with RemoteServer.of(VLLM, health=(200, "")) as server:
        told = Seen(State.READY, "it offers Qwen/Qwen3-8B", 40960, "Qwen/Qwen3-8B")
        assert look(server) == told


@pytest.mark.parametrize(
    ("models", "path", "told"),
    [
        (OLLAMA, "/props", {"default_generation_settings": {"n_ctx": 8192}}),
        (OLLAMA, "/api/ps", {"models": [{"name": "qwen3:8b", "context_length": 8192}]}),
        (
            LM_STUDIO,
            "/api/v0/models",
            {"data": [{"id": "qwen/qwen3-8b", "loaded_context_length": 8192}]},
        ),
        (LM_STUDIO, "/api/extra/true_max_context_length", {"value": 8192}),
    ],
)
def test_the_context_is_asked_where_each_program_tells_it(
    models: object, path: str, told: object
) -> None:
    with RemoteServer({"/v1/models": (200, models), path: (200, told)}) as server:
        assert look(server).context == 8192


def test_a_model_that_is_loaded_later_tells_its_context_then_and_nothing_else_is_asked() -> None:
    with RemoteServer({"/v1/models": (200, OLLAMA), "/api/ps": (200, {"models": []})}) as other:
        server = Server(parse(other.url), "", "", 5.0)
        assert server.look().context == 0
        other.asked.clear()
        loaded = [{"name": "gemma3:latest", "context_length": 1}]
        other.answers["/api/ps"] = (200, {"models": loaded})
        assert server.look().context == 0
        loaded.append({"name": "qwen3:8b", "context_length": 4096})
        assert server.look().context == 4096
        server.look()
        asked = [path for path, _ in other.asked]
        assert asked == ["/v1/models", "/api/ps"] * 2 + ["/v1/models"]
        other.answers["/v1/models"] = (502, "")
        server.look()
        other.answers = {"/v1/models": (200, OLLAMA)}
        assert server.look().context == 0


@pytest.mark.parametrize(
    "told",
    [
        *([], 5, {"models": 3}, {"models": [3, {"name": "qwen3:8b", "context_length": True}]}),
        *({"error": "Unexpected endpoint"}, {"value": -1}, {"value": 1 << 50}),
        {"default_generation_settings": {"n_ctx": "8192"}},
    ],
)
def test_an_answer_without_a_context_tells_none(told: object) -> None:
    places = ("/props", "/api/ps", "/api/v0/models", "/api/extra/true_max_context_length")
    answers = {"/v1/models": (200, OLLAMA), **dict.fromkeys(places, (200, told))}
    with RemoteServer(answers) as server:
        assert look(server) == Seen(
            State.READY, "it offers qwen3:8b, gemma3:latest", model="qwen3:8b"
        )


@pytest.mark.parametrize("models", [(200, OLLAMA), (503, UNLOADED)])
def test_llama_server_that_loads_is_loading(models: tuple[int, object]) -> None:
    with RemoteServer({"/v1/models": models, "/health": (503, UNLOADED)}) as server:
        assert look(server).state is State.LOADING


def test_a_key_is_sent_and_a_wrong_one_is_told() -> None:
    with RemoteServer.of(OLLAMA, key="right") as server:
        assert look(server, key="right").state is State.READY
        assert look(server, key="wrong") == Seen(State.DENIED, "HTTP 401")
        assert look(server) == Seen(State.DENIED, "HTTP 401")


def test_a_redirect_is_not_followed_and_takes_no_key_elsewhere() -> None:
    with RemoteServer.of(OLLAMA) as other, RemoteServer() as server:
        server.answers["/v1/models"] = (302, "")
        server.location = f"{other.url}/v1/models"
        assert look(server, key="secret") == Seen(State.STRANGE, "HTTP 302")
        assert other.asked == []


def test_a_web_page_is_no_such_server() -> None:
    with RemoteServer({"/v1/models": (200, "<html>welcome</html>")}) as server:
        assert look(server).state is State.STRANGE
    with RemoteServer() as server:
        assert look(server) == Seen(State.STRANGE, "HTTP 404")


def test_nobody_there_is_away() -> None:
    seen = Server(parse(f"http://127.0.0.1:{free_port()}"), "", "", 5.0).look()
    assert seen == Seen(State.AWAY, "the connection was refused")


def test_a_busy_gateway_is_away() -> None:
    with RemoteServer({"/v1/models": (502, "Bad Gateway")}) as server:
        assert look(server) == Seen(State.AWAY, "it answers with HTTP 502")


def test_a_server_that_says_nothing_is_away_within_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert Server(parse(url), "", "", 0.2).look().words == "no answer within 0 s"


def test_tls_where_there_is_none_is_explained() -> None:
    with RemoteServer.of(OLLAMA) as server:
        url = server.url.replace("http:", "https:")
        seen = Server(parse(url), "", "", 5.0).look()
    assert seen.state is State.AWAY
    assert "http in place of https" in seen.words


def test_an_answer_without_end_is_cut() -> None:
    class Endless(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endless) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1/models"
        answer = get(url, "", 5.0, by_proxy=False)
        assert len(answer.body) == 4 << 20
        server.shutdown()


def test_what_is_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(UnansweredError, match="does not speak HTTP"):
            get(f"http://127.0.0.1:{server.getsockname()[1]}/", "", 5.0, by_proxy=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "id", "meta", "n_ctx", "max_model_len"]), inner)
    ),
    max_leaves=20,
)


@given(st.integers(100, 599), JSON, st.sampled_from(["", "m"]))
def test_any_answer_is_judged(status: int, told: object, wanted: str) -> None:
    seen = judge(Answer(status, json.dumps(told).encode()), wanted)
    assert "\n" not in seen.words
    assert seen.context >= 0
    assert status == 200 or seen.state is not State.READY
