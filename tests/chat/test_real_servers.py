"""Conversations with real llama.cpp servers and the smoke model, on both engines."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest

from termai.chat.async_store import AsyncChatStore
from termai.chat.client import ChatClient
from termai.chat.endpoint import Endpoint
from termai.chat.failures import ContextFullError
from termai.chat.generation import Update
from termai.chat.messages import Role, Status
from termai.chat.oneshot import answer
from termai.chat.reply import Reply
from termai.chat.sampling import Sampling
from termai.engines.base import Engine
from termai.engines.embedded import LlamaCppPython
from termai.engines.llama_server import LlamaServer
from termai.models.smoke import Question, model_path, questions
from termai.profiles.profile import Profile
from tests.chat.waiting import until
from tests.engines.serving import Running, running
from tests.support import free_port

GREEDY = Sampling(temperature=0.0)
BY_ID = {question.id: question for question in questions()}
ENGINES: dict[str, Engine] = {"llama-server": LlamaServer(), "llama-cpp-python": LlamaCppPython()}
SAMPLE = [
    BY_ID[name]
    for name in ("capital-france", "name-told", "system-name", "think-sum", "letters", "story")
]


@pytest.fixture(scope="module")
def native_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving("llama-server", tmp_path_factory.mktemp("native")) as server:
        yield server


@pytest.fixture
def native(native_server: Running) -> Endpoint:
    return endpoint(native_server, "llama-server")


@pytest.fixture(scope="module", params=list(ENGINES))
def either(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    with serving(request.param, tmp_path_factory.mktemp("either")) as server:
        yield endpoint(server, request.param)


@pytest.fixture
async def store() -> AsyncIterator[AsyncChatStore]:
    async with AsyncChatStore() as opened:
        yield opened


@contextmanager
def serving(engine: str, directory: Path) -> Iterator[Running]:
    values = {"ctx_size": 4096, "parallel": 2} if engine == "llama-server" else {"ctx_size": 2048}
    profile = Profile("smoke").with_values(threads=1, **values)
    chosen = ENGINES[engine]
    launch = chosen.compose(profile, chosen.detect(), model=model_path(), port=free_port())
    with running(launch, directory / "log") as server:
        yield server.wait_ready()


def endpoint(server: Running, engine: str) -> Endpoint:
    return Endpoint("smoke", server.launch.url, engine=engine, ctx_size=2048)


def as_request(question: Question) -> list[dict[str, str]]:
    return [{"role": m.role, "content": m.content} for m in question.messages]


async def test_every_documented_question_is_answered_word_for_word(native: Endpoint) -> None:
    wrong = {}
    for question in questions():
        got = await answer(native, as_request(question), sampling=GREEDY)
        if (got.content, got.reasoning) != (question.answer, question.reasoning or ""):
            wrong[question.id] = got
    assert wrong == {}


@pytest.mark.parametrize("question", [pytest.param(q, id=q.id) for q in SAMPLE])
async def test_conversations_are_answered_through_the_store(
    either: Endpoint, store: AsyncChatStore, question: Question
) -> None:
    system = "".join(m.content for m in question.messages if m.role == "system")
    talk = await store.create(system_prompt=system)
    last = None
    for message in question.messages:
        if message.role != "system":
            last = (await store.add(talk.id, last, Role(message.role), message.content)).id
    assert last
    async with ChatClient(either) as client:
        kept = await Reply(client, store, last, sampling=GREEDY).run()
    assert (kept.content, kept.reasoning) == (question.answer, question.reasoning or "")
    assert kept.status is Status.COMPLETE
    assert await store.message(kept.id) == kept
    assert kept.stats
    assert kept.stats.completion_tokens
    assert kept.stats.time_to_first_token_s


async def test_earlier_thoughts_are_sent_back_when_wanted(
    native: Endpoint, store: AsyncChatStore
) -> None:
    talk = await store.create()
    first = await store.add(talk.id, None, Role.USER, BY_ID["think-sum"].messages[-1].content)
    used: list[int] = []
    async with ChatClient(native) as client:
        thought = await Reply(client, store, first.id, sampling=GREEDY).run()
        more = await store.add(talk.id, thought.id, Role.USER, "What is the capital of France?")
        for with_reasoning in (False, True):
            reply = Reply(client, store, more.id, sampling=GREEDY, with_reasoning=with_reasoning)
            kept = await reply.run()
            assert kept.content == "The capital of France is Paris."
            assert kept.stats
            assert kept.stats.prompt_tokens
            used.append(kept.stats.prompt_tokens)
    assert used[1] - used[0] > 20


async def test_thinking_can_be_switched_off(native: Endpoint) -> None:
    question = BY_ID["think-capital"]
    got = await answer(native, as_request(question), sampling=GREEDY, thinking=False)
    assert (got.content, got.reasoning) == (question.answer, "")


async def test_a_system_prompt_is_followed_and_pieces_are_heard(either: Endpoint) -> None:
    heard: list[Update] = []
    got = await answer(
        either,
        "What is your name?",
        system="Your name is Ada.",
        sampling=GREEDY,
        on_delta=heard.append,
    )
    assert got.content == "My name is Ada."
    assert "".join(update.content for update in heard) == got.content
    assert got.finish_reason == "stop"


async def test_an_answer_is_cut_at_max_tokens(either: Endpoint) -> None:
    got = await answer(either, "Count to 200.", sampling=Sampling(temperature=0.0, max_tokens=9))
    assert got.finish_reason == "length"
    assert BY_ID["count-200"].answer.startswith(got.content)


async def test_a_conversation_that_is_too_long_is_counted(either: Endpoint) -> None:
    with pytest.raises(ContextFullError) as caught:
        await answer(either, "word " * 4000, sampling=GREEDY)
    assert caught.value.asked > 4000
    assert caught.value.ctx_size == 2048


async def test_two_at_once_get_whole_answers(either: Endpoint) -> None:
    asked = [BY_ID[name] for name in ("story", "letters", "capital-france")]
    got = await asyncio.gather(
        *(answer(either, as_request(question), sampling=GREEDY) for question in asked)
    )
    assert [a.content for a in got] == [question.answer for question in asked]


async def test_hanging_up_stops_the_server_generating(
    native: Endpoint, native_server: Running
) -> None:
    before = len(native_server.log)
    async with ChatClient(native) as client:
        question = [{"role": "user", "content": "Count to 200."}]
        async with aclosing(client.stream(question, GREEDY)) as deltas:
            async for delta in deltas:
                if delta.content:
                    break
    ended = re.compile(r"stop processing: n_tokens = (\d+)")
    await until(lambda: ended.search(native_server.log, before), timeout_s=5)
    found = ended.search(native_server.log, before)
    assert found
    assert int(found[1]) < 800


async def test_the_server_says_what_it_is(native: Endpoint) -> None:
    unknown = Endpoint("box", native.base_url)
    async with ChatClient(unknown) as client:
        assert await client.ctx_size() == 2048
        assert await client.count_tokens("The capital of France is Paris.") == 9
        assert len(await client.models()) == 1
