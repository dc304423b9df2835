"""What termai adds to an answer: time to first token and speed, against the bare request."""

import asyncio
import http.client
import json
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio
from benchmarks.startup import TERMAI, output
from termai.chat.async_store import AsyncChatStore
from termai.chat.client import ChatClient
from termai.chat.endpoint import Endpoint
from termai.chat.messages import Role
from termai.chat.reply import Reply
from termai.chat.sampling import Sampling

ROUNDS = 15
LONG = "Count to two hundred."
GREEDY = {"temperature": 0}


class Timed(NamedTuple):
    """Seconds until the first text of one answer, and from there to its end."""

    first: float
    rest: float


def run() -> Iterator[Ratio]:
    """Ask the smoke model for its longest answer, by turns bare and as the program does."""
    with temporary_home() as env:
        output(TERMAI, "start", "smoke", env=env)
        try:
            (server,) = json.loads(output(TERMAI, "ps", "--json", env=env))
            database = Path(env["TERMAI_DATA_DIR"]) / "chats.db"
            pairs = asyncio.run(_measure(server["url"], database))
        finally:
            output(TERMAI, "stop", "--all", env=env)
    ours = Timed(*(statistics.median(t) for t in zip(*(a for a, _ in pairs), strict=True)))
    bare = Timed(*(statistics.median(t) for t in zip(*(b for _, b in pairs), strict=True)))
    added = 1000 * (ours.first - bare.first)
    note = f"{1000 * ours.first:.1f} ms against {1000 * bare.first:.1f} ms"
    yield Ratio("added to the time to first token", added, 5.0, " ms", note)
    yield Ratio("time from first token to last / bare request", ours.rest / bare.rest, 1.1)


async def _measure(url: str, database: Path) -> list[tuple[Timed, Timed]]:
    endpoint = Endpoint("smoke", url, engine="llama-server")
    async with ChatClient(endpoint) as client, AsyncChatStore(database) as store:
        await client.prepare()
        await _through(client, store)
        return [
            (await _through(client, store), await asyncio.to_thread(_direct, url))
            for _ in range(ROUNDS)
        ]


async def _through(client: ChatClient, store: AsyncChatStore) -> Timed:
    conversation = await store.create("benchmark")
    question = await store.add(conversation.id, None, Role.USER, LONG)
    reply = Reply(client, store, question.id, sampling=Sampling(temperature=0))
    marks: list[float] = []
    start = time.perf_counter()
    await reply.run(lambda update: marks.append(time.perf_counter()) if update.content else None)
    return _timed(start, marks)


def _direct(url: str) -> Timed:
    body = {"messages": [{"role": "user", "content": LONG}], "stream": True, **GREEDY}
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    marks: list[float] = []
    start = time.perf_counter()
    connection.request(
        "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"}
    )
    with connection.getresponse() as response:
        for line in response:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                if choices and choices[0]["delta"].get("content"):
                    marks.append(time.perf_counter())
    return _timed(start, marks)


def _timed(start: float, marks: list[float]) -> Timed:
    return Timed(marks[0] - start, marks[-1] - marks[0])
