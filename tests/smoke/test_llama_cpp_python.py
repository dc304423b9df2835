"""The documented answers through llama-cpp-python in this process, under greedy decoding."""

from collections.abc import Iterator
from typing import Any

import llama_cpp
import pytest

from termai.models.smoke import Question, model_path, questions


@pytest.fixture(scope="module")
def llama() -> Iterator[llama_cpp.Llama]:
    loaded = llama_cpp.Llama(str(model_path()), n_ctx=2048, logits_all=False, verbose=False)
    yield loaded
    loaded.close()


def answered(llama: llama_cpp.Llama, question: Question) -> str:
    messages: Any = [{"role": m.role, "content": m.content} for m in question.messages]
    reply: Any = llama.create_chat_completion(messages, temperature=0, max_tokens=1200)
    return str(reply["choices"][0]["message"]["content"])


@pytest.mark.parametrize("question", [pytest.param(q, id=q.id) for q in questions()])
def test_answer_is_word_for_word(llama: llama_cpp.Llama, question: Question) -> None:
    thought = f"<think>{question.reasoning}</think>\n\n" if question.reasoning else ""
    assert answered(llama, question) == thought + question.answer
