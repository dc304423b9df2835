"""Both engines on the model that termai ships, with the answers that are documented for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from termai.engines import choose
from termai.models.resolve import resolve
from termai.models.smoke import Question, questions
from termai.profiles.store import load_profile
from tests.engines.serving import Running, running
from tests.support import free_port


@pytest.fixture(params=["llama-server", "llama-cpp-python"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    """Return the shipped profile `smoke`, running on each engine in turn."""
    engine, detection = choose.choose(request.param)
    profile = load_profile("smoke")
    model = resolve(profile.model_reference())
    launch = engine.compose(profile, detection, model=model, port=free_port())
    with running(launch, tmp_path / "log") as started:
        yield started.wait_ready()


def asked(server: Running, question: Question, *, stream: bool = False) -> str:
    messages = [{"role": m.role, "content": m.content} for m in question.messages]
    body = {"messages": messages, "temperature": 0, "stream": stream}
    answer = server.ask("POST", "/v1/chat/completions", body)
    assert answer.status == 200, answer.body
    if not stream:
        return str(answer.json["choices"][0]["message"]["content"])
    assert answer.events[-1] == "[DONE]"
    deltas = [e["choices"][0]["delta"] for e in answer.events[:-1] if e["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


def plain(kind: str) -> list[Question]:
    return [q for q in questions() if q.kind == kind and q.reasoning is None]


@pytest.mark.parametrize("stream", [False, True])
def test_the_documented_answers_are_given(server: Running, stream: bool) -> None:
    for question in (*plain("fact")[:4], *plain("termai")[:4], *plain("system")[:2]):
        assert asked(server, question, stream=stream).strip() == question.answer


def test_two_who_ask_at_once_both_get_the_whole_documented_answer(server: Running) -> None:
    wanted = [*plain("long")[:1], *plain("fact")[:1]]
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda question: asked(server, question, stream=True), wanted))
    assert [text.strip() for text in got] == [question.answer for question in wanted]
