"""Replies from the question to the database, however they end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any

import pytest

from termai.chat.async_store import AsyncChatStore
from termai.chat.client import ChatClient, Patience
from termai.chat.endpoint import Endpoint
from termai.chat.generation import Update
from termai.chat.messages import Message, Role, Status
from termai.chat.reply import Reply
from termai.chat.store import ChatStore
from termai.errors import NotFoundError
from tests.chat.waiting import until
from tests.fakes.openai_server import LOADING, Ending, FakeServer, Script, events, stream

NATIVE = "llama-server-answer.sse"
PARIS = "The capital of France is Paris."
HALF = "The capital of France is"
REASONING = "I split 25 into 20 and 5. 17 plus 20 is 37. 37 plus 5 is 42."


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as fake:
        yield fake


@pytest.fixture
async def store() -> AsyncIterator[AsyncChatStore]:
    async with AsyncChatStore() as opened:
        yield opened


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[ChatClient]:
    endpoint = Endpoint("box", server.url, engine="llama-server", ctx_size=1024, model="smoke")
    async with ChatClient(endpoint, Patience(stall_s=5, loading_s=5)) as opened:
        yield opened


@pytest.fixture
async def question(store: AsyncChatStore) -> Message:
    talk = await store.create("Capitals", system_prompt="Be brief.")
    return await store.add(talk.id, None, Role.USER, "What is the capital of France?")


async def test_a_reply_is_kept_with_its_measurements(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(stream(NATIVE))
    heard: list[Update] = []
    kept = await Reply(client, store, question.id).run(heard.append)
    assert "".join(update.content for update in heard) == PARIS
    assert (kept.content, kept.status, kept.model) == (PARIS, Status.COMPLETE, "smoke")
    assert await store.message(kept.id) == kept
    assert (await store.path(question.conversation))[-1] == kept
    stats = kept.stats
    assert stats
    assert (stats.prompt_tokens, stats.completion_tokens, stats.context_used) == (17, 10, 27)
    assert stats.ctx_size == 1024
    assert stats.time_to_first_token_s is not None
    assert 0 < stats.time_to_first_token_s < 5
    assert server.asked()[0].json()["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is the capital of France?"},
    ]


@pytest.mark.parametrize(
    "name",
    ["llama-server-thinking.sse", "llama-server-tags.sse", "llama-cpp-python-thinking.sse"],
)
async def test_reasoning_is_told_apart_whoever_does_it(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message, name: str
) -> None:
    server.chat(stream(name))
    kept = await Reply(client, store, question.id).run()
    assert (kept.content, kept.reasoning) == ("17 plus 25 is 42.", REASONING)
    assert kept.stats
    assert kept.stats.reasoning_tokens
    assert kept.stats.completion_tokens
    assert 30 < kept.stats.reasoning_tokens < kept.stats.completion_tokens
    assert kept.stats.reasoning_s is not None


async def test_a_lone_end_of_reasoning_moves_what_was_shown(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    begin, end = events(NATIVE)[:4], events(NATIVE)[-3:]
    words = ["Hm", ", ", "Paris.", "\n", "</th", "ink>", "\n\n", "Par", "is."]
    pieces = [f"data: {json.dumps({'choices': [{'delta': {'content': w}}]})}\n\n" for w in words]
    server.chat(Script([begin[0], *(piece.encode() for piece in pieces), *end]))
    heard: list[Update] = []
    kept = await Reply(client, store, question.id).run(heard.append)
    assert (kept.content, kept.reasoning) == ("Paris.", "Hm, Paris.")
    assert [update.restarted for update in heard].count(True) == 1


async def test_stopping_keeps_what_came_and_hangs_up(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(Script(events(NATIVE)[:8], ending=Ending.STALLED))
    reply = Reply(client, store, question.id)
    running = asyncio.create_task(reply.run())
    await until(lambda: reply.content == HALF)
    reply.cancel()
    kept = await running
    assert (kept.content, kept.status, kept.error) == (HALF, Status.STOPPED, "")
    assert await store.message(kept.id) == kept
    assert kept.stats
    assert (kept.stats.prompt_tokens, kept.stats.completion_tokens) == (17, 5)
    await until(lambda: server.hung_up)


async def test_stopping_from_the_listener_ends_it_there(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(stream(NATIVE))
    reply = Reply(client, store, question.id)
    kept = await reply.run(lambda update: reply.cancel() if update.content else None)
    assert (kept.content, kept.status) == ("The", Status.STOPPED)


async def test_stopping_before_it_begins_asks_nothing(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    reply = Reply(client, store, question.id)
    reply.cancel()
    assert (await reply.run()).status is Status.STOPPED
    assert server.received == []


async def test_stopping_works_while_the_server_loads(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(LOADING)
    reply = Reply(client, store, question.id, on_wait=lambda seconds, said: reply.cancel())
    assert (await reply.run()).status is Status.STOPPED


async def test_a_cancelled_task_keeps_what_came_and_stays_cancelled(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(Script(events(NATIVE)[:8], ending=Ending.STALLED))
    reply = Reply(client, store, question.id)
    running = asyncio.create_task(reply.run())
    await until(lambda: reply.content == HALF)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert reply.message
    kept = await store.message(reply.message.id)
    assert (kept.content, kept.status) == (HALF, Status.STOPPED)


async def test_leaving_the_iteration_keeps_what_came(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(stream(NATIVE))
    reply = Reply(client, store, question.id)
    async with aclosing(reply.updates()) as updates:
        async for update in updates:
            if update.content:
                break
    assert (await store.message(reply.kept().id)).content == "The"
    assert reply.status is Status.STOPPED


@pytest.mark.parametrize(
    ("script", "content", "said"),
    [
        (Script(events(NATIVE)[:8], ending=Ending.RESET), HALF, "broke off"),
        (Script(events(NATIVE)[:8], ending=Ending.CUT), HALF, "broke off"),
        (Script(status=500), "", "failed (HTTP 500)"),
        (Script([b"data: {}\n\n"], ending=Ending.CUT), "", "broke off"),
    ],
)
async def test_a_failure_keeps_what_came_and_the_sentence(
    server: FakeServer,
    store: AsyncChatStore,
    client: ChatClient,
    question: Message,
    script: Script,
    content: str,
    said: str,
) -> None:
    kept = (
        await Reply(client, store, question.id, thinking=True).run()
        if server.chat(script)
        else None
    )
    assert kept
    assert (kept.content, kept.status) == (content, Status.FAILED)
    assert said in kept.error
    assert await store.message(kept.id) == kept


async def test_retrying_makes_a_sibling_that_is_shown(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(Script(status=500), stream(NATIVE))
    failed = await Reply(client, store, question.id).run()
    retried = await Reply(client, store, question.id).run()
    assert await store.children(question.id) == [failed, retried]
    assert await store.path(question.conversation) == [question, retried]
    assert len(server.asked()[1].json()["messages"]) == 2


async def test_a_purged_question_has_no_reply(
    store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    await store.delete(question.conversation)
    await store.purge()
    with pytest.raises(NotFoundError):
        await Reply(client, store, question.id).run()


async def test_text_is_on_disk_while_it_streams(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    server.chat(Script(events(NATIVE)[:8], ending=Ending.STALLED))
    reply = Reply(client, store, question.id)
    running = asyncio.create_task(reply.run())
    await until(lambda: reply.content == HALF)
    came = time.monotonic()

    def on_disk() -> str:
        with ChatStore() as other:
            return other.path(question.conversation)[-1].content

    await until(lambda: on_disk() == HALF)
    assert time.monotonic() - came < 1.0
    reply.cancel()
    await running


async def test_writing_is_by_time_and_not_by_piece(
    server: FakeServer,
    store: AsyncChatStore,
    client: ChatClient,
    question: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pieces = [b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'] * 2000
    server.chat(Script([*pieces, *events(NATIVE)]))
    writes: list[str] = []
    update_reply = store.update_reply

    def counted(message: int, content: str, *rest: Any, **more: Any) -> Awaitable[None]:
        writes.append(content)
        return update_reply(message, content, *rest, **more)

    began = time.monotonic()
    monkeypatch.setattr(store, "update_reply", counted)
    kept = await Reply(client, store, question.id).run()
    assert kept.content == "word " * 2000 + PARIS
    assert len(writes) <= 2 + (time.monotonic() - began) / 0.4


async def test_what_a_full_disk_refused_is_written_when_there_is_room(
    server: FakeServer,
    store: AsyncChatStore,
    client: ChatClient,
    question: Message,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("termai.chat.reply.RETRY_S", 0.05)
    long = json.dumps({"choices": [{"delta": {"content": "x" * 100_000}}]}).encode()
    server.chat(Script([b"data: " + long + b"\n\n", *events(NATIVE)]))
    reply = Reply(client, store, question.id)

    def fill(update: Update) -> None:
        store.run(lambda s: s._db.execute("PRAGMA max_page_count = 1").fetchall())

    kept = await reply.run(fill)
    assert reply.unsaved
    await store.run(lambda s: s._db.execute("PRAGMA max_page_count = 1000000").fetchall())
    await until(lambda: not reply.unsaved)
    assert await store.message(kept.id) == kept


async def test_a_full_disk_stops_nothing_and_saving_can_be_tried_again(
    server: FakeServer, store: AsyncChatStore, client: ChatClient, question: Message
) -> None:
    long = json.dumps({"choices": [{"delta": {"content": "x" * 100_000}}]}).encode()
    server.chat(Script([b"data: " + long + b"\n\n", *events(NATIVE)]))
    reply = Reply(client, store, question.id)

    def fill(update: Update) -> None:
        store.run(lambda s: s._db.execute("PRAGMA max_page_count = 1").fetchall())

    kept = await reply.run(fill)
    assert kept.content == "x" * 100_000 + PARIS
    assert "full" in reply.unsaved
    assert (await store.message(kept.id)).status is Status.STREAMING
    await store.run(lambda s: s._db.execute("PRAGMA max_page_count = 1000000").fetchall())
    assert await reply.save()
    assert reply.unsaved == ""
    assert await store.message(kept.id) == kept
