"""Reasoning told apart from the answer, however the text is split."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from termai.chat.thinking import ThinkSplitter


def split(*parts: str) -> tuple[str, str]:
    """Return answer and reasoning, put together as a screen would."""
    splitter = ThinkSplitter()
    content = reasoning = ""
    for piece in [p for part in parts for p in splitter.feed(part)] + splitter.finish():
        if piece.restarted:
            reasoning, content = content + piece.reasoning, ""
            continue
        content += piece.content
        reasoning += piece.reasoning
    return content, reasoning.strip()


@pytest.mark.parametrize(
    ("text", "content", "reasoning"),
    [
        ("Paris.", "Paris.", ""),
        ("<think>Hm.</think>Paris.", "Paris.", "Hm."),
        ("\n<think>\nHm.\n</think>\n\nParis.", "Paris.", "Hm."),
        ("<think>\n\n</think>\n\nParis.", "Paris.", ""),
        ("<think>Hm, and then", "", "Hm, and then"),
        ("<think>Hm.</thi", "", "Hm.</thi"),
        ("<think>Hm.</think>", "", "Hm."),
        ("<think>", "", ""),
        ("<thi", "<thi", ""),
        ("", "", ""),
        ("Write <think> first.", "Write <think> first.", ""),
        ("<think>a <think> b</think>c</think>d", "c</think>d", "a <think> b"),
        ("<think>a</think>b\n</think>\nc", "b\n</think>\nc", "a"),
        ("Hm, Paris.\n</think>\n\nParis.", "Paris.", "Hm, Paris."),
        ("Hm, Paris.</think>  \nParis.", "Paris.", "Hm, Paris."),
        ("Hm.</think>", "", "Hm."),
        ("It ends with </think> there.", "It ends with </think> there.", ""),
        ("It ends with `</think>`\nthere.", "It ends with `</think>`\nthere.", ""),
        ("```\nx\n</think>\n```\n", "```\nx\n</think>\n```\n", ""),
        ("```\nx\n```\n</think>\ny", "y", "```\nx\n```"),
    ],
)
def test_text_is_told_apart(text: str, content: str, reasoning: str) -> None:
    assert split(text) == (content, reasoning)
    assert split(*text) == (content, reasoning)


WORDS = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<", "</", "think>", "\n", " ", "a", "b", "`", "```", "\t"]
    ),
    max_size=14,
)


@given(WORDS, st.lists(st.integers(1, 60)))
@example(["</think>", " ", "\n"], [8])
def test_splitting_never_changes_the_result(words: list[str], cuts: list[int]) -> None:
    text = "".join(words)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    parts = [text[a:b] for a, b in itertools.pairwise(places)]
    assert split(*parts) == split(text)


@given(WORDS)
def test_no_text_is_lost(words: list[str]) -> None:
    text = "".join(words)
    content, reasoning = split(*text)

    def bare(part: str) -> str:
        return "".join(part.replace("<think>", "").replace("</think>", "").split())

    assert bare(reasoning) + bare(content) == bare(text)


def test_text_is_not_held_back_without_need() -> None:
    splitter = ThinkSplitter()
    assert [p.content for p in splitter.feed("Par")] == ["Par"]
    assert [p.content for p in splitter.feed("is is 1 < 2")] == ["is is 1 < 2"]
    assert splitter.feed("</th") == []
    assert [p.content for p in splitter.feed("e cat")] == ["</the cat"]


def test_text_is_the_answer_once_the_server_tells_apart() -> None:
    splitter = ThinkSplitter()
    splitter.settle()
    assert [p.content for p in splitter.feed("<think>shown</think>\n")] == [
        "<think>shown</think>\n"
    ]
