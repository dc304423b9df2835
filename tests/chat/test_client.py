"""The client against recorded servers, whole and broken."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from termai.chat.client import ChatClient, Patience
from termai.chat.connection import Connection
from termai.chat.deltas import ChunkReader, Delta
from termai.chat.endpoint import Endpoint
from termai.chat.failures import ContextFullError
from termai.chat.sampling import Sampling
from termai.errors import NotFoundError, TermaiError, UnreachableError, UsageError
from tests.chat.waiting import until
from tests.fakes.openai_server import (
    CHAT,
    LOADING,
    Ending,
    FakeServer,
    Script,
    answer,
    error,
    events,
    recorded,
    stream,
)
from tests.support import free_port

NATIVE = "llama-server-answer.sse"
EMBEDDED = "llama-cpp-python-answer.sse"
PARIS = "The capital of France is Paris."
QUESTION = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(autouse=True, params=["this machine", "the network"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the same servers as on this machine, and as anywhere else through httpx2's own."""
    if request.param == "the network":
        monkeypatch.setattr(Connection, "_transport", lambda self: None)


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as fake:
        yield fake


def client(server: FakeServer, engine: str = "llama-server", **patience: float) -> ChatClient:
    return ChatClient(Endpoint("box", server.url, engine=engine), Patience(**patience))


async def heard(client: ChatClient, into: list[Delta] | None = None) -> list[Delta]:
    """Return every delta of one answer; ``into`` keeps those that came before a failure."""
    found: list[Delta] = [] if into is None else into
    async with client, aclosing(client.stream(QUESTION)) as deltas:
        async for delta in deltas:
            found.append(delta)  # noqa: PERF401 - what came before a failure counts
    return found


def text(deltas: list[Delta]) -> str:
    return "".join(delta.content for delta in deltas)


async def failure(client: ChatClient) -> tuple[TermaiError, str]:
    came: list[Delta] = []
    with pytest.raises(TermaiError) as caught:
        await heard(client, came)
    return caught.value, text(came)


async def test_llama_servers_answer_comes_with_progress_and_counts(server: FakeServer) -> None:
    deltas = await heard(client(server.chat(stream(NATIVE))))
    assert text(deltas) == PARIS
    assert [d.progress.total for d in deltas if d.progress] == [17, 17]
    finished = deltas[-1].finished
    assert finished
    assert finished.finish_reason == "stop"
    assert finished.model == "smoke"
    assert (finished.usage.prompt_tokens, finished.usage.completion_tokens) == (17, 10)
    assert finished.usage.tokens_per_second


async def test_llama_servers_reasoning_comes_apart(server: FakeServer) -> None:
    deltas = await heard(client(server.chat(stream("llama-server-thinking.sse"))))
    assert text(deltas) == "17 plus 25 is 42."
    assert "".join(d.reasoning for d in deltas).startswith("I split 25 into 20 and 5.")


async def test_llama_cpp_pythons_answer_needs_no_counts(server: FakeServer) -> None:
    deltas = await heard(client(server.chat(stream(EMBEDDED)), "llama-cpp-python"))
    assert text(deltas) == PARIS
    finished = deltas[-1].finished
    assert finished
    assert finished.usage.completion_tokens is None


@pytest.mark.parametrize("name", [NATIVE, EMBEDDED, "llama-server-thinking.sse"])
@pytest.mark.parametrize("size", [1, 7, 100_000])
async def test_network_chunks_need_not_be_events(server: FakeServer, name: str, size: int) -> None:
    raw = recorded(name)
    pieces = [raw[i : i + size] for i in range(0, len(raw), size)]
    deltas = await heard(client(server.chat(Script(pieces))))
    assert text(deltas) == text(await heard(client(server.chat(stream(name)))))


async def test_an_answer_that_is_not_streamed_counts_too(server: FakeServer) -> None:
    deltas = await heard(client(server.chat(answer("llama-server-whole.json"))))
    assert text(deltas) == PARIS
    assert deltas[-1].finished


async def test_extras_go_only_to_llama_server(server: FakeServer) -> None:
    server.chat(stream(NATIVE)).on("GET /v1/models", answer("llama-cpp-python-models.json"))
    await heard(client(server, "llama-server"))
    await heard(client(server, "vllm"))
    native, other = (request.json() for request in server.asked())
    assert native["return_progress"] is True
    assert set(other) == {"messages", "model", "stream", "stream_options"}
    assert other["model"] == "tiny"


async def test_llama_server_is_recognised_by_its_props(server: FakeServer) -> None:
    server.chat(stream(NATIVE)).on("GET /props", answer("llama-server-props.json"))
    async with client(server, "") as asking:
        await asking.prepare()
        assert asking.known_ctx_size == 1024
        async for _ in asking.stream(QUESTION):
            pass
    assert server.asked()[0].json()["return_progress"] is True
    assert len(server.asked("/props")) == 1


async def test_samplers_and_thinking_are_asked_for(server: FakeServer) -> None:
    server.chat(stream(NATIVE))
    async with client(server) as asking:
        sampling = Sampling(temperature=0.0, seed=3)
        async for _ in asking.stream(QUESTION, sampling, thinking=False):
            pass
    body = server.asked()[0].json()
    assert (body["temperature"], body["seed"]) == (0.0, 3)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


async def test_a_server_that_refuses_an_extra_is_asked_without_it(server: FakeServer) -> None:
    refusal = error(400, {"error": {"message": "Unrecognized argument: stream_options"}})
    server.chat(refusal, stream(EMBEDDED))
    assert text(await heard(client(server, "llama-cpp-python"))) == PARIS
    assert "stream_options" not in server.asked()[1].json()


async def test_nothing_listens(server: FakeServer) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    caught, _ = await failure(ChatClient(Endpoint("box", url, engine="llama-server")))
    assert isinstance(caught, UnreachableError)
    assert f"nothing listens at {url}" in str(caught)


async def test_a_host_without_an_address(server: FakeServer) -> None:
    url = "http://no-such-host.invalid:1"
    caught, _ = await failure(ChatClient(Endpoint("box", url, engine="llama-server")))
    assert isinstance(caught, UnreachableError)


async def test_a_key_is_sent_and_never_told(server: FakeServer) -> None:
    server.chat(error(401, {"error": {"message": "bad key sekrit-key"}}))
    endpoint = Endpoint("box", server.url, api_key="sekrit-key", engine="llama-server")
    asking = ChatClient(endpoint)
    caught, _ = await failure(asking)
    assert server.asked()[0].headers["authorization"] == "Bearer sekrit-key"
    assert "refuses the API key" in str(caught)
    for shown in (repr(caught), str(caught), repr(asking), repr(asking.endpoint)):
        assert "sekrit-key" not in shown


async def test_a_key_in_a_servers_message_is_left_out(server: FakeServer) -> None:
    server.chat(error(500, {"error": {"message": "sekrit-key \x1b[31m exploded"}}))
    endpoint = Endpoint("box", server.url, api_key="sekrit-key", engine="llama-server")
    caught, _ = await failure(ChatClient(endpoint))
    assert "[the API key] exploded" in str(caught)


async def test_a_missing_key_is_asked_for(server: FakeServer) -> None:
    server.chat(answer("llama-server-no-key.json", 401))
    caught, _ = await failure(client(server))
    assert "asks for an API key" in str(caught)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"error": {"message": "The model `x` does not exist"}}, NotFoundError, "does not exist"),
        ({"detail": "Not Found"}, NotFoundError, "has no chat at"),
    ],
)
async def test_404_is_a_missing_model_or_no_chat_at_all(
    server: FakeServer, body: object, kind: type[TermaiError], said: str
) -> None:
    caught, _ = await failure(client(server.chat(error(404, body))))
    assert isinstance(caught, kind)
    assert said in str(caught)


async def test_a_loading_server_is_waited_for(server: FakeServer) -> None:
    server.chat(LOADING, LOADING, stream(NATIVE))
    said: list[str] = []
    async with client(server) as asking:
        deltas = [
            d async for d in asking.stream(QUESTION, on_wait=lambda _, what: said.append(what))
        ]
    assert text(deltas) == PARIS
    assert said == ["Loading model", "Loading model"]


async def test_a_server_that_loads_for_ever_is_given_up(server: FakeServer) -> None:
    caught, _ = await failure(client(server.chat(LOADING), loading_s=0.3))
    assert "not ready after 0.3 s: Loading model" in str(caught)


@pytest.mark.parametrize(
    ("name", "asked", "ctx_size"),
    [("llama-server-overflow.json", 3012, 1024), ("llama-cpp-python-overflow.json", 3012, 512)],
)
async def test_a_full_context_is_counted(
    server: FakeServer, name: str, asked: int, ctx_size: int
) -> None:
    caught, _ = await failure(client(server.chat(answer(name, 400))))
    assert isinstance(caught, ContextFullError)
    assert (caught.asked, caught.ctx_size) == (asked, ctx_size)
    assert f"{asked - ctx_size} more than" in str(caught)


@pytest.mark.parametrize(
    "said",
    [
        "The request has 30 tokens and the context holds 20. Shorten it.",
        "Requested tokens (30) exceed context window of 20",
        "This model's maximum context length is 20 tokens. Your request has 30 input tokens.",
    ],
)
async def test_a_full_context_is_recognised_in_other_words(server: FakeServer, said: str) -> None:
    caught, _ = await failure(client(server.chat(error(400, {"error": {"message": said}}))))
    assert isinstance(caught, ContextFullError)
    assert (caught.asked, caught.ctx_size) == (30, 20)


async def test_the_empty_stream_of_llama_cpp_python_is_explained(server: FakeServer) -> None:
    server.chat(Script(), answer("llama-cpp-python-overflow.json", 400))
    caught, _ = await failure(client(server, "llama-cpp-python"))
    assert isinstance(caught, ContextFullError)
    assert server.asked()[1].json()["stream"] is False


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.RESET, Ending.WHOLE])
async def test_what_came_before_a_break_is_kept(server: FakeServer, ending: Ending) -> None:
    pieces = events(NATIVE)[:8]
    caught, came = await failure(client(server.chat(Script(pieces, ending=ending))))
    assert isinstance(caught, UnreachableError)
    assert "broke off in the middle of the answer" in str(caught)
    assert came == "The capital of France is"


async def test_an_end_without_done_is_a_break(server: FakeServer) -> None:
    caught, came = await failure(client(server.chat(Script(events(NATIVE)[:-1]))))
    assert "broke off" in str(caught)
    assert came == PARIS


async def test_done_without_a_reason_is_an_interruption(server: FakeServer) -> None:
    pieces = [*events(EMBEDDED)[:5], b"data: [DONE]\n\n"]
    caught, came = await failure(client(server.chat(Script(pieces)), "llama-cpp-python"))
    assert "another request interrupts it" in str(caught)
    assert came


@pytest.mark.parametrize("field", [b"data", b"error"])
async def test_an_error_event_keeps_what_came(server: FakeServer, field: bytes) -> None:
    body = b'{"error":{"code":500,"message":"Compute error.","type":"server_error"}}'
    pieces = [*events(NATIVE)[:8], field + b": " + body + b"\n\n"]
    caught, came = await failure(client(server.chat(Script(pieces))))
    assert "box failed: Compute error." in str(caught)
    assert came == "The capital of France is"


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: \xff\xfe\x00\n\n",
        b"data: <html>\n\n",
        b"data: 7\n\n",
        b"data: " + b"[" * 100_000 + b"\n\n",
        b'data: {"choices": "none"}\n\n',
        b'data: {"choices": [{"delta": {"content": 7}}]}\n\n',
    ],
)
async def test_garbage_is_an_error_that_keeps_what_came(server: FakeServer, garbage: bytes) -> None:
    pieces = [*events(NATIVE)[:8], garbage]
    caught, came = await failure(client(server.chat(Script(pieces))))
    assert isinstance(caught, UnreachableError)
    assert "no chat stream" in str(caught)
    assert came == "The capital of France is"


async def test_an_endless_line_is_an_error(server: FakeServer) -> None:
    pieces = [b"data: ", *[b"x" * 65536] * 64]
    caught, _ = await failure(client(server.chat(Script(pieces))))
    assert "single event" in str(caught)


async def test_a_web_page_is_no_chat(server: FakeServer) -> None:
    page = Script([b"<!doctype html><title>Hello</title>"], content_type="text/html")
    caught, _ = await failure(client(server.chat(page)))
    assert "no chat stream" in str(caught)


async def test_bytes_that_are_not_utf8_become_marks(server: FakeServer) -> None:
    piece = b'data: {"choices":[{"delta":{"content":"a\xffb\\ud800c"}}]}\n\n'
    deltas = await heard(client(server.chat(Script([piece, *events(NATIVE)]))))
    assert text(deltas) == "a\ufffdb\ufffdc" + PARIS


async def test_a_stall_is_noticed(server: FakeServer) -> None:
    stalled = Script(events(NATIVE)[:8], ending=Ending.STALLED)
    caught, came = await failure(client(server.chat(stalled), stall_s=0.2))
    assert "has sent nothing for 0.2 s in the middle of the answer" in str(caught)
    assert came == "The capital of France is"


async def test_a_long_prompt_may_take_longer_than_a_stall(server: FakeServer) -> None:
    slow = Script(events(NATIVE), pause_s=0.02)
    assert text(await heard(client(server.chat(slow), stall_s=10, first_s=10))) == PARIS
    never = Script(ending=Ending.STALLED)
    caught, _ = await failure(client(server.chat(never), stall_s=9, first_s=0.2))
    assert "the answer has not begun" in str(caught)


async def test_closing_the_iterator_hangs_up_at_once(server: FakeServer) -> None:
    server.chat(Script(events(NATIVE)[:8], ending=Ending.STALLED))
    async with client(server) as asking:
        async with aclosing(asking.stream(QUESTION)) as deltas:
            async for delta in deltas:
                if delta.content:
                    break
        await until(lambda: server.hung_up)


async def test_closing_the_client_ends_the_answers_in_flight(server: FakeServer) -> None:
    server.chat(Script(events(NATIVE)[:8], ending=Ending.STALLED))
    asking = client(server)
    answering = asyncio.create_task(failure(asking))
    await until(lambda: server.asked())
    await asyncio.sleep(0.05)
    await asking.close()
    caught, _ = await answering
    assert isinstance(caught, UnreachableError)
    await until(lambda: server.hung_up)


async def test_a_refusal_that_never_ends_is_not_listened_to(server: FakeServer) -> None:
    endless = Script([b"Internal "], status=500, ending=Ending.STALLED)
    caught, _ = await failure(client(server.chat(endless), ask_s=0.2))
    assert "HTTP 500" in str(caught)


async def test_deltas_are_not_held_back(server: FakeServer) -> None:
    server.chat(Script(events(NATIVE)[:5], ending=Ending.STALLED))
    async with client(server) as asking, aclosing(asking.stream(QUESTION)) as deltas:
        seen = ""
        async with asyncio.timeout(5):
            while "The" not in seen:
                seen += (await anext(deltas)).content


async def test_proxies_are_not_used_on_this_machine(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert text(await heard(client(server.chat(stream(NATIVE))))) == PARIS


async def test_a_redirection_is_not_followed_with_the_key(server: FakeServer) -> None:
    moved = Script(status=307, headers=("Location: http://127.0.0.1:1/",))
    caught, _ = await failure(client(server.chat(moved)))
    assert "has moved" in str(caught)


async def test_a_server_without_tls_where_tls_was_expected(server: FakeServer) -> None:
    url = server.url.replace("http:", "https:")
    endpoint = Endpoint("box", url, engine="llama-server")
    caught, _ = await failure(ChatClient(endpoint, Patience(connect_s=0.3)))
    assert isinstance(caught, UnreachableError)
    assert "box" in str(caught)


async def test_tokens_are_counted_by_the_server(server: FakeServer) -> None:
    server.on("GET /props", answer("llama-server-props.json"))
    server.on("POST /tokenize", error(200, {"tokens": [1, 2, 3]}))
    async with client(server, "") as asking:
        assert await asking.count_tokens("x") == 3
    server.on("POST /extras/tokenize/count", error(200, {"count": 4}))
    async with client(server, "llama-cpp-python") as asking:
        assert await asking.count_tokens("x") == 4
        assert await asking.ctx_size() is None
        assert await asking.models() == []


async def test_a_request_that_is_wrong_says_what_the_server_says(server: FakeServer) -> None:
    refusal = error(400, {"error": {"message": "Field 'temperature': must be number"}})
    caught, _ = await failure(client(server.chat(refusal)))
    assert isinstance(caught, UsageError)
    assert "must be number" in str(caught)


async def test_a_connection_that_ends_before_any_answer(server: FakeServer) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def hang_up() -> None:
            accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
            accepted.close()

        hanging = asyncio.create_task(hang_up())
        caught, _ = await failure(ChatClient(Endpoint("box", url, engine="llama-server")))
        await hanging
    assert isinstance(caught, UnreachableError)


KEYS = st.sampled_from(
    ["choices", "delta", "content", "finish_reason", "usage", "timings", "error", "message",
     "prompt_progress", "prompt_n", "cache_n", "predicted_per_second", "completion_tokens", "total"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.dictionaries(KEYS, JSON).map(lambda d: json.dumps(d).encode()))
def test_whatever_a_chunk_holds_it_is_read_or_refused_in_a_sentence(data: bytes) -> None:
    reader = ChunkReader()
    try:
        reader.read(data)
    except UnreachableError:
        return
    reader.finished()


def test_the_question_goes_where_it_should() -> None:
    assert Endpoint("", "http://h/v1").url(CHAT) == "http://h/v1/chat/completions"
