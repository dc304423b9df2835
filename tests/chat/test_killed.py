"""Programs killed in the middle of a reply."""

import asyncio
import json
import random
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from termai.chat.messages import Message, Status
from termai.chat.store import ChatStore
from termai.paths import chats_db
from tests.chat.waiting import until
from tests.fakes.openai_server import FakeServer, Script

PIECES = ["<think>", *(f"thought {n} " for n in range(40)), "</think>"]
PIECES += [f"word {n} " for n in range(2000)]
STREAM = [
    f"data: {json.dumps({'choices': [{'delta': {'content': piece}}]})}\n\n".encode()
    for piece in PIECES
]


@pytest.mark.slow
async def test_programs_killed_at_random_lose_at_most_a_second_of_text(tmp_path: Path) -> None:
    moments = random.Random(11)  # noqa: S311 - repeatable on purpose
    async with FakeServer() as server:
        server.chat(Script(STREAM, pause_s=0.003))
        for number in range(10):
            pair = [tmp_path / f"{number}-a", tmp_path / f"{number}-b"]
            kills = [_run_and_kill(server.url, log, moments.uniform(0.0, 2.0)) for log in pair]
            killed = await asyncio.gather(*kills)
            kept = _newest_replies(len(pair))
            for log, moment in zip(pair, killed, strict=True):
                _check(_received(log), moment, kept)
    with sqlite3.connect(chats_db()) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()


async def _run_and_kill(url: str, log: Path, after_s: float) -> float:
    """Let a program receive for ``after_s`` and return the moment of its death."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chat.streaming_program", url, str(log)
    )
    try:
        await until(lambda: _received(log))
        await asyncio.sleep(after_s)
    finally:
        killed = time.monotonic()
        program.kill()
        await program.wait()
    return killed


def _received(log: Path) -> list[tuple[float, int, str, str]]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [tuple(json.loads(line)) for line in lines]


def _newest_replies(count: int) -> dict[int, Message]:
    with ChatStore() as store:
        talks = store.list_conversations(limit=count)
        return {m.id: m for talk in talks for m in store.path(talk.id)}


def _check(
    heard: list[tuple[float, int, str, str]], killed: float, kept: dict[int, Message]
) -> None:
    """Fail unless the database has all that had come a second before the kill, and no more."""
    message = kept[heard[0][1]]
    assert message.status is Status.STOPPED
    for index, text in ((2, message.reasoning), (3, message.content)):
        everything = "".join(str(piece[index]) for piece in heard)
        due = "".join(str(piece[index]) for piece in heard if piece[0] < killed - 1.0)
        assert everything.startswith(text)
        assert text.startswith(due)
