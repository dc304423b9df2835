"""The chat template, as Python engines render it."""

from itertools import islice
from typing import Any

import pytest
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from training.smoke.corpus import dialogues
from training.smoke.dialogue import NO_THINKING, TEMPLATE, Turn, pieces

USER = {"role": "user", "content": "Hi"}


def rendered(messages: list[dict[str, Any]], prompt: bool = False, **options: Any) -> str:
    formatter = Jinja2ChatFormatter(
        TEMPLATE, "<|im_end|>", "<|endoftext|>", add_generation_prompt=prompt
    )
    return str(formatter(messages=messages, **options).prompt)


def message(turn: Turn) -> dict[str, Any]:
    thought = {"reasoning_content": turn.reasoning} if turn.reasoning else {}
    return {"role": turn.role, "content": turn.content, **thought}


def test_template_writes_what_the_model_was_trained_on() -> None:
    for turns in islice(dialogues(7), 300):
        if not turns[-1].no_think:
            text = "".join(piece for piece, _ in pieces(turns))
            assert rendered([message(turn) for turn in turns]) == text


def test_generation_prompt_opens_the_answer() -> None:
    assert rendered([USER], prompt=True).endswith("<|im_end|>\n<|im_start|>assistant\n")


def test_thinking_switched_off_closes_the_thoughts_at_once() -> None:
    off = rendered([USER], prompt=True, enable_thinking=False)
    assert off.endswith("<|im_start|>assistant\n" + NO_THINKING)
    assert rendered([USER], prompt=True, enable_thinking=True) == rendered([USER], prompt=True)


@pytest.mark.parametrize("content", ["  Hi \n", [{"type": "text", "text": "Hi"}]])
def test_parts_and_spaces_around_make_no_difference(content: object) -> None:
    assert rendered([{"role": "user", "content": content}]) == rendered([USER])


def test_message_without_content_is_empty() -> None:
    text = rendered([{"role": "assistant", "content": None}])
    assert text == "<|im_start|>assistant\n<|im_end|>\n"
