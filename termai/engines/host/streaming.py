"""Answers as server-sent events, and what happens when the client leaves or the model fails."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from termai.engines.host.errors import StoppedError, explain
from termai.engines.host.model import Model

T = TypeVar("T")

PATIENCE_S = 10.0
_DONE = "data: [DONE]\n\n"
_WAITING = ": waiting for the model\n\n"


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what ``work`` returns; cancels it and raises StoppedError when the client leaves."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise StoppedError
    finally:
        for future in (task, gone):
            future.cancel()
        await asyncio.wait([task, gone])


async def respond(
    request: Request, chunks: AsyncGenerator[dict[str, Any]], model: Model, include_usage: bool
) -> Response:
    """Return a stream that begins with the first chunk, so that an error before it has a status.

    A client that waits longer than PATIENCE_S seconds for its turn gets comments meanwhile, and
    a later error as an event.
    """
    first = asyncio.ensure_future(anext(chunks))
    try:
        await unless_gone(request, asyncio.wait([first], timeout=PATIENCE_S))
        if first.done():
            first.result()
    except BaseException:
        first.cancel()
        await asyncio.wait([first])
        raise
    body = _events(first, chunks, model, include_usage)
    return StreamingResponse(
        body, media_type="text/event-stream", headers={"cache-control": "no-cache"}
    )


async def _events(
    first: "asyncio.Future[dict[str, Any]]",
    chunks: AsyncGenerator[dict[str, Any]],
    model: Model,
    include_usage: bool,
) -> AsyncIterator[str]:
    async with aclosing(chunks):
        try:
            while not first.done():
                yield _WAITING
                await asyncio.wait([first], timeout=PATIENCE_S)
            chunk = first.result()
            while chunk:
                yield _event(_with_timings(chunk, model))
                last, chunk = chunk, await anext(chunks, {})
            if include_usage:
                yield _event({**last, "choices": [], "usage": model.tally.usage()})
            yield _DONE
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001  a stream has no other way to say it
            yield _event(explain(error).body())
        finally:
            first.cancel()
            await asyncio.wait([first])


def _with_timings(chunk: dict[str, Any], model: Model) -> dict[str, Any]:
    """Add llama-server's ``timings`` to the chunk that ends an answer."""
    if any(choice.get("finish_reason") for choice in chunk.get("choices", ())):
        return {**chunk, "timings": model.tally.timings()}
    return chunk


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data)}\n\n"


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
