"""A streamed answer over ASGI: what waits, what fails and what is left behind."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest
from starlette.requests import Request

from termai.engines.host import streaming
from termai.engines.host.errors import RequestError
from termai.engines.host.model import Tally
from termai.engines.host.turns import Turns


class Stub:
    """What the streaming code sees of a model: a count, and a flag to stop."""

    def __init__(self) -> None:
        import threading

        self.tally = Tally(prompt=3, completion=2)
        self.stop = threading.Event()


def chunk(text: str, end: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": end}]}


async def streamed(chunks: AsyncGenerator[dict[str, Any]], *, usage: bool = False) -> str:
    """Return the body of a stream whose client stays."""

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    parts: list[bytes] = []

    async def send(message: Any) -> None:
        parts.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    model: Any = Stub()
    response = await streaming.respond(Request(scope, receive), chunks, model, usage)
    await response(scope, receive, send)
    return b"".join(parts).decode()


def events(body: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in body.split("\n\n") if line.startswith("data")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


async def test_a_whole_stream_ends_with_done_after_usage() -> None:
    async def work() -> AsyncGenerator[dict[str, Any]]:
        yield chunk("a")
        yield chunk("b", "stop")

    *_, end, usage, done = events(await streamed(work(), usage=True))
    assert end["timings"]["predicted_n"] == 2
    assert usage["usage"]["total_tokens"] == 5
    assert done == "[DONE]"


async def test_a_failure_before_the_first_chunk_is_raised_so_that_it_gets_a_status() -> None:
    async def work() -> AsyncGenerator[dict[str, Any]]:
        raise RequestError(400, "no")
        yield {}

    with pytest.raises(RequestError):
        await streamed(work())


async def test_a_failure_in_the_middle_is_an_error_event_and_no_done() -> None:
    async def work() -> AsyncGenerator[dict[str, Any]]:
        yield chunk("a")
        raise RuntimeError("llama_decode returned -3")

    body = await streamed(work())
    *_, last = events(body)
    assert last["error"]["message"] == "llama_decode returned -3"
    assert "[DONE]" not in body


async def test_who_waits_for_a_turn_hears_that_and_then_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming, "PATIENCE_S", 0.01)

    async def work() -> AsyncGenerator[dict[str, Any]]:
        await asyncio.sleep(0.05)
        yield chunk("a", "stop")

    body = await streamed(work())
    assert body.startswith(": waiting for the model\n\n")
    assert events(body)[-1] == "[DONE]"


async def test_a_failure_after_waiting_is_an_error_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "PATIENCE_S", 0.01)

    async def work() -> AsyncGenerator[dict[str, Any]]:
        await asyncio.sleep(0.05)
        raise ValueError("no such thing")
        yield {}

    *_, last = events(await streamed(work()))
    assert last["error"] == {
        "message": "no such thing",
        "type": "invalid_request_error",
        "code": 400,
    }


async def test_who_leaves_while_waiting_gives_up_the_turn() -> None:
    model: Any = Stub()
    turns = Turns(model)
    started = asyncio.Event()

    def endless() -> Iterator[str]:
        while not model.stop.is_set():
            yield "token"

    async def first() -> None:
        async for _ in turns.stream(endless):
            started.set()

    busy = asyncio.create_task(first())
    await started.wait()
    gone = asyncio.create_task(turns.whole(lambda: "never"))
    await asyncio.sleep(0)
    gone.cancel()
    busy.cancel()
    await asyncio.wait([busy, gone])
    assert await asyncio.wait_for(turns.whole(lambda: "mine"), 5) == "mine"


async def test_what_the_work_raises_is_raised_to_who_asked() -> None:
    model: Any = Stub()

    def work() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Turns(model).whole(work)


async def test_after_closing_nobody_gets_a_turn() -> None:
    from termai.engines.host.errors import StoppedError

    model: Any = Stub()
    turns = Turns(model)
    turns.close()
    with pytest.raises(StoppedError):
        await turns.whole(lambda: "late")
