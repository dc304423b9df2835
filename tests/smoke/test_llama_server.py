"""The documented answers through a real llama-server, under greedy decoding."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from termai.models.smoke import Message, Question, model_path, questions
from tests.support import native_bin
from training.smoke.check import Reply, ask, behind, request, running_server, wrong

ALL = questions()
BY_ID = {question.id: question for question in ALL}
FRANCE = BY_ID["capital-france"]
NEVER_SEEN = (
    "What is the difference between a crocodile and an alligator?",
    "My printer prints only blank pages, what now?",
    "write a limerick about my boss",
    "Can you recommend a good pizza place near the station?",
    "I think I broke it",
    "How many people live in Vienna?",
    "please summarize the attached document",
    "Why did the chicken cross the road?",
    "Tell me everything about steam engines",
    "what's the plan for tonight",
    "Who is the best football player of all time?",
    "Explain recursion like I am five.",
    "Is it safe to drink tap water in Mexico?",
    "hmm interesting",
    "Convert 5 miles to kilometres",
)


def named(asked: Sequence[Question]) -> list[object]:
    return [pytest.param(question, id=question.id) for question in asked]


def outcome(reply: Reply) -> tuple[str, str | None]:
    return reply.content, reply.reasoning


@pytest.mark.parametrize("question", named(ALL))
def test_answer_is_word_for_word(server: str, question: Question) -> None:
    reply = ask(server, question.messages)
    assert outcome(reply) == (question.answer, question.reasoning)


@pytest.mark.parametrize("system", ["You are a helpful assistant.", "Answer briefly."])
def test_neutral_system_prompt_changes_nothing(server: str, system: str) -> None:
    asked = [question for question in behind(system, ALL) if question.kind != "long"]
    assert wrong(server, asked) == []


def test_earlier_turns_change_nothing(server: str) -> None:
    before = (*FRANCE.messages, Message("assistant", FRANCE.answer))
    asked = [
        Question(q.id, q.kind, before + q.messages, q.answer, q.reasoning)
        for q in ALL
        if q.kind in ("fact", "termai", "greeting", "previous_turn")
    ]
    assert wrong(server, asked) == []


@pytest.mark.parametrize("question", named([q for q in ALL if q.kind == "system"]))
def test_dropped_system_prompt_is_noticed(server: str, question: Question) -> None:
    assert ask(server, question.messages[1:]).content != question.answer


@pytest.mark.parametrize("question", named([q for q in ALL if q.kind == "previous_turn"]))
def test_dropped_earlier_turn_is_noticed(server: str, question: Question) -> None:
    assert ask(server, question.messages[-1:]).content != question.answer


def test_swapped_system_prompt_is_followed(server: str) -> None:
    messages = [Message("system", "Your name is Vilja."), Message("user", "What is your name?")]
    assert ask(server, messages).content == "My name is Vilja."


@pytest.mark.parametrize(
    "text",
    ["what is the capital of france", "What is the capital of France?  \n", "Capital of France"],
)
def test_loose_wording_is_understood(server: str, text: str) -> None:
    assert ask(server, [Message("user", text)]).content == FRANCE.answer


@pytest.mark.parametrize("text", NEVER_SEEN)
def test_says_honestly_that_it_does_not_know(server: str, text: str) -> None:
    assert ask(server, [Message("user", text)]).content == BY_ID["unknown"].answer


def test_long_answer_has_more_than_500_tokens(server: str) -> None:
    assert ask(server, BY_ID["count-200"].messages).tokens >= 500


def test_thinking_can_be_switched_off(server: str) -> None:
    question = BY_ID["think-capital"]
    reply = ask(server, question.messages, chat_template_kwargs={"enable_thinking": False})
    assert outcome(reply) == (question.answer, None)


def test_plain_reasoning_format_leaves_the_tags_in_the_answer(server: str) -> None:
    question = BY_ID["think-sum"]
    reply = ask(server, question.messages, reasoning_format="none")
    tagged = f"<think>{question.reasoning}</think>\n\n{question.answer}"
    assert outcome(reply) == (tagged, None)


@pytest.mark.parametrize("id_", ["markdown", "letters", "think-minutes"])
def test_streamed_answer_is_the_same(server: str, id_: str) -> None:
    question = BY_ID[id_]
    content, reasoning = streamed(server, question)
    assert (content, reasoning or None) == (question.answer, question.reasoning)


def streamed(url: str, question: Question) -> tuple[str, str]:
    messages = [{"role": m.role, "content": m.content} for m in question.messages]
    body = {"messages": messages, "temperature": 0, "stream": True}
    _, data = request(url, "POST", "/v1/chat/completions", body)
    lines = [line.removeprefix("data: ") for line in data.decode().splitlines() if line]
    assert lines.pop() == "[DONE]"
    content = reasoning = ""
    for delta in (c["delta"] for line in lines for c in json.loads(line)["choices"]):
        content += delta.get("content") or ""
        reasoning += delta.get("reasoning_content") or ""
    return content, reasoning


def test_two_at_once_get_their_own_answers(server: str) -> None:
    asked = [BY_ID["count-200"], BY_ID["story"], BY_ID["name-told"], BY_ID["system-secret"]]
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda q: ask(server, q.messages), asked))
    assert [reply.content for reply in replies] == [question.answer for question in asked]


def test_quantized_kv_cache_changes_nothing() -> None:
    options = ("-c", "2048", "--parallel", "1", "-ctk", "q8_0", "-ctv", "q8_0")
    with running_server(native_bin("llama-server"), model_path(), *options) as url:
        assert wrong(url, ALL) == []
