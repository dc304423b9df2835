"""The list of conversations, the line above them, and the small windows."""

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from termai.tui.widgets.chat_dialogs import LINE_LIMIT, AskLine
from termai.tui.widgets.chat_header import ChatHeader, Context
from termai.tui.widgets.chat_list import ConversationList, ConversationOptions, Row

EVIL = "a\x1b[2J[bold]b[/]"


class ListHarness(App[None]):
    """Shows the list and remembers what it posted."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: list[tuple[str, object]] = []

    def compose(self) -> ComposeResult:
        yield ConversationList()

    def on_conversation_list_opened(self, event: ConversationList.Opened) -> None:
        self.posted.append(("open", event.key))

    def on_conversation_list_searched(self, event: ConversationList.Searched) -> None:
        self.posted.append(("search", event.text))

    def on_conversation_options_wanted(self, event: ConversationOptions.Wanted) -> None:
        self.posted.append((event.what, event.key))


async def test_the_list_opens_deletes_and_undoes() -> None:
    app = ListHarness()
    async with app.run_test() as pilot:
        panel = app.query_one(ConversationList)
        panel.show([Row(7, "Docker"), Row(5, EVIL, busy=True), Row(3, "")], current=5)
        panel.focus_rows()
        await pilot.press("ctrl+z")
        assert app.posted == []
        app.query_one(ConversationOptions).can_undo = True
        await pilot.press("enter", "down", "delete", "ctrl+z")
        assert app.posted == [("open", 5), ("delete", 3), ("undo", 3)]


async def test_the_list_shows_titles_as_they_are() -> None:
    app = ListHarness()
    async with app.run_test() as pilot:
        app.query_one(ConversationList).show([Row(5, EVIL, busy=True), Row(3, "")], current=None)
        await pilot.pause()
        options = app.query_one(ConversationOptions)
        assert [str(option.prompt) for option in options.options] == [
            "● a[bold]b[/]",
            "  untitled",
        ]


async def test_typing_searches_and_enter_goes_to_what_was_found() -> None:
    app = ListHarness()
    async with app.run_test() as pilot:
        app.query_one(ConversationList).show([Row(1, "x")], current=1)
        app.query_one(ConversationList).focus_rows()
        await pilot.press("slash", "d", "o", "enter")
        assert app.posted == [("search", "d"), ("search", "do")]
        assert isinstance(app.focused, ConversationOptions)


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (Context(), ""),
        (Context(None, 16384), "ctx 16k"),
        (Context(1900, None), ""),
        (Context(1900, 16384), "ctx 1.9k/16k ▓░░░░░"),
        (Context(14000, 16384), "! ctx 14k/16k ▓▓▓▓▓░"),
        (Context(99999, 16384), "! ctx 100k/16k ▓▓▓▓▓▓"),
    ],
)
def test_the_meter_warns_above_four_fifths(context: Context, text: str) -> None:
    assert context.text() == text


class HeaderHarness(App[None]):
    """Shows the line above a conversation."""

    def compose(self) -> ComposeResult:
        yield ChatHeader()


@pytest.mark.parametrize("width", [24, 40, 80])
async def test_the_header_keeps_the_meter_and_cuts_the_title(width: int) -> None:
    app = HeaderHarness()
    async with app.run_test(size=(width, 5)):
        header = app.query_one(ChatHeader)
        header.server, header.title = "smoke", "한국어 👩‍👧 " * 10 + EVIL
        header.context = Context(14000, 16384)
        strip = header.render_line(0)
        assert strip.cell_length == width - 2
        assert strip.text.endswith(" ! ctx 14k/16k ▓▓▓▓▓░"[-(width - 2) :].lstrip())
        assert all(character.isprintable() for character in strip.text)


async def ask(screen: ModalScreen[Any], *keys: str) -> object:
    """Show a window, press keys, and return what it answered."""
    app: App[None] = App()
    answers: list[object] = []
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(screen, answers.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    return answers[0] if answers else "still open"


async def test_a_title_is_edited() -> None:
    assert await ask(AskLine("Title?", "Old"), "end", "!", "enter") == "Old!"
    assert await ask(AskLine("Title?", "Old"), "escape") is None


async def test_a_line_longer_than_allowed_is_cut() -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(AskLine("Title?", "x" * 500))
        await pilot.pause()
        await pilot.press("end", "y")
        assert app.screen.query_one(Input).value == "x" * (LINE_LIMIT - 1) + "…"
