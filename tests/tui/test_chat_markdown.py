"""Markdown of a model: everything is shown, nothing acts, and growing text stays cheap."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.strip import Strip

from termai.tui.widgets import chat_live
from termai.tui.widgets.chat_live import LiveMarkdown
from termai.tui.widgets.chat_markdown import Palette, Renderer
from termai.tui.widgets.chat_text import SteadyStream, steady
from termai.tui.widgets.chat_tokens import split

NONE = Style()
PALETTE = Palette(NONE, NONE, NONE, NONE, NONE)


@pytest.fixture
def draw() -> Renderer:
    return Renderer(PALETTE)


def lines(strips: list[Strip]) -> list[str]:
    return [strip.text.rstrip() for strip in strips]


def test_html_and_markup_are_shown_as_they_are(draw: Renderer) -> None:
    shown = lines(draw.markdown("List<String> <b>x</b> [bold]y[/bold]\n\n<div>z</div>", 60))
    assert shown == ["List<String> <b>x</b> [bold]y[/bold]", "", "<div>z</div>"]


def test_a_link_shows_its_address_and_is_not_clickable(draw: Renderer) -> None:
    strips = draw.markdown("see [the *docs*](https://evil.example/a) or <https://b.example>", 80)
    assert lines(strips) == ["see the docs (https://evil.example/a) or https://b.example"]
    assert not any(
        style and (style.link or style.meta) for strip in strips for _, style, _ in strip
    )


def test_an_image_shows_its_words_and_its_source(draw: Renderer) -> None:
    assert lines(draw.markdown("![a cat](http://x/cat.png)", 60)) == [
        "[image: a cat] (http://x/cat.png)"
    ]


def test_a_line_break_stays_one(draw: Renderer) -> None:
    assert lines(draw.markdown("Roses are red\nviolets are blue", 60)) == [
        "Roses are red",
        "violets are blue",
    ]


def test_blocks_are_one_blank_line_apart(draw: Renderer) -> None:
    text = "# One\ntwo\n\n\n- three\n\n```py\nfour\n```\n> five\n\n| a |\n|---|\n| 6 |"
    shown = lines(draw.markdown(text, 40))
    assert [line for line in shown if "  " not in line.strip()] == shown
    pairs = itertools.pairwise(shown)
    assert not any(not a and not b for a, b in pairs), shown
    assert shown[0] == "One"


def test_link_definitions_reach_other_blocks(draw: Renderer) -> None:
    text = "see [docs][1]\n\nmore\n\n[1]: https://x.example"
    assert lines(draw.markdown(text, 60)) == ["see docs (https://x.example)", "", "more"]


def test_code_keeps_its_indentation_and_blank_lines(draw: Renderer) -> None:
    shown = lines(draw.markdown("```python\ndef f():\n\n    return 1\n```", 40))
    assert shown == ["  def f():", "", "      return 1"]


@pytest.mark.parametrize("width", [1, 2, 7, 40])
@pytest.mark.parametrize(
    "text",
    [
        ">" * 60 + " deep",
        "".join("  " * i + "- x\n" for i in range(40)),
        "|a" * 90 + "|\n" + "|-" * 90,
    ],
    ids=["quotes", "lists", "columns"],
)
def test_deep_nesting_fits_any_width(draw: Renderer, text: str, width: int) -> None:
    assert all(strip.cell_length == width for strip in draw.markdown(text, width))


@settings(max_examples=150, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from("ab1 \n\t*_`~#>-+|[]()<>!\\&:.\u200d❤️👩🏽한e\u0301"), max_size=200
    )
)
def test_any_text_is_drawn_at_the_width_asked_for(text: str) -> None:
    strips = Renderer(PALETTE).markdown(steady(text), 24)
    assert all(sum(segment.cell_length for segment in strip) == 24 for strip in strips)


def test_a_growing_text_ends_as_the_finished_one(draw: Renderer) -> None:
    text = (
        "# Title\n\nSome **bold** words.\n\n1. one\n2. two\n   - deep\n\n"
        "```python\n"
        + "\n".join(f"x{i} = {i}" for i in range(150))
        + "\n```\n\n> quote\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nend"
    )
    live = LiveMarkdown(draw, 50)
    for end in range(0, len(text), 7):
        live.update(text[:end])
    assert lines(live.update(text)) == lines(draw.markdown(text, 50))


def test_what_was_drawn_for_good_does_not_change(draw: Renderer) -> None:
    text = "\n\n".join(f"paragraph {i} with *some* words" for i in range(50))
    live = LiveMarkdown(draw, 30)
    before: list[Strip] = []
    for end in range(0, len(text), 20):
        after = list(live.update(text[:end]))
        kept = live.stable
        assert all(a is b for a, b in zip(before[:kept], after[:kept], strict=True))
        before = after
    assert live.stable > 90


@pytest.mark.parametrize(
    "text",
    [
        "```\n" + "code line\n" * 3000,
        "- an item of a list\n" * 1500,
        "word " * 8000,
        "x" * 40_000,
        "|a|b|\n|-|-|\n" + "| 1 | 2 |\n" * 3000,
    ],
    ids=["code", "list", "words", "letters", "table"],
)
def test_the_open_part_stays_bounded(
    draw: Renderer, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    markdown = draw.markdown

    def counted(text: str, width: int, *, passing: bool = False) -> list[Strip]:
        drawn.append(len(text))
        return markdown(text, width, passing=passing)

    monkeypatch.setattr(draw, "markdown", counted)
    live = LiveMarkdown(draw, 60)
    for end in range(0, len(text), 400):
        live.update(text[:end])
    assert max(drawn) <= 2 * chat_live.OPEN_BLOCK_CHARACTERS + 400


def test_an_unclosed_code_block_is_known() -> None:
    assert split("```py\nx = 1").blocks[-1].open_fence
    assert not split("```py\nx = 1\n```").blocks[-1].open_fence
    assert split("````\n```\nx").blocks[-1].open_fence


def test_escape_sequences_cut_between_updates_leave_nothing() -> None:
    raw = "a\x1b[31mred\x1b]0;title\x07b\x1bPdcs\x1b\\c\r\nd\x9b5me"
    stream = SteadyStream()
    for end in range(len(raw) + 1):
        stream.update(raw[:end])
    assert stream.text == "aredbc\nde"


def test_emoji_sequences_have_the_width_of_their_parts() -> None:
    assert steady("👩\u200d👧 ❤\ufe0f 👍🏽 a\tb") == "👩👧 ❤ 👍 a    b"
