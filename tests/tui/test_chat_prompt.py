"""The input: Enter sends, newlines are kept, Up brings back what was said before."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult

from termai.tui.widgets.chat_prompt import Prompt


class Harness(App[None]):
    """Shows one input and remembers what it posted."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.pages: list[int] = []

    def compose(self) -> ComposeResult:
        yield Prompt(placeholder="say something")

    @property
    def prompt(self) -> Prompt:
        return self.query_one(Prompt)

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        self.sent.append(event.text)

    def on_prompt_paged(self, event: Prompt.Paged) -> None:
        self.pages.append(event.step)


async def test_enter_sends() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        await pilot.press(*"hello", "enter")
        assert app.sent == ["hello"]


async def test_keys_that_come_all_at_once_are_taken_in_their_order() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        for key, character in [("a", "a"), ("ctrl+j", None), ("b", "b"), ("enter", "\r")] * 2:
            app.post_message(events.Key(key, character))
        await pilot.pause()
        assert app.sent == ["a\nb", "a\nba\nb"]


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter", "alt+enter"])
async def test_a_new_line_key_does_not_send(key: str) -> None:
    app = Harness()
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        assert app.sent == ["a\nb"]


async def test_a_paste_keeps_its_newlines_and_loses_its_escapes() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        app.post_message(events.Paste("one\r\ntwo\x1b[31m\nthree"))
        await pilot.pause()
        await pilot.press("enter")
        assert app.sent == ["one\ntwo\nthree"]


async def test_it_grows_to_a_third_of_the_screen() -> None:
    app = Harness()
    async with app.run_test(size=(80, 24)) as pilot:
        heights = []
        for _ in range(20):
            heights.append(app.prompt.size.height)
            await pilot.press("x", "ctrl+j")
            await pilot.pause()
        assert heights[:3] == [1, 2, 3]
        assert app.prompt.outer_size.height == 24 // 3 - 1 or app.prompt.outer_size.height == 8
        app.prompt.set_text("")
        await pilot.pause()
        assert app.prompt.size.height == 1


async def test_up_on_an_empty_input_brings_back_earlier_messages() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        app.prompt.earlier = ["first", "second\nline"]
        await pilot.press("up")
        assert app.prompt.text == "second\nline"
        await pilot.press("up")
        assert app.prompt.text == "first"
        await pilot.press("up")
        assert app.prompt.text == "first"
        await pilot.press("down", "down")
        assert app.prompt.text == ""


async def test_up_in_a_written_text_moves_the_cursor() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        app.prompt.earlier = ["first"]
        await pilot.press("a", "ctrl+j", "b", "up")
        assert app.prompt.text == "a\nb"
        assert app.prompt.cursor_location[0] == 0


async def test_a_message_brought_back_and_changed_is_a_text_of_its_own() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        app.prompt.earlier = ["first", "second"]
        await pilot.press("up", "!", "up")
        assert app.prompt.text == "second!"


async def test_pages_are_the_conversation_s() -> None:
    app = Harness()
    async with app.run_test() as pilot:
        await pilot.press("pageup", "pagedown")
        assert app.pages == [-1, 1]


@pytest.mark.parametrize(
    "spelled",
    ["\n", "\x1b\r", "\x1b[13;2u", "\x1b[13;3u", "\x1b[27;2;13~", "\x1b[200~\r\n\x1b[201~"],
    ids=["ctrl-j", "escape-enter", "kitty-shift", "kitty-alt", "xterm-shift", "paste"],
)
async def test_new_lines_are_understood_as_terminals_spell_them(spelled: str) -> None:
    app = Harness()
    async with app.run_test() as pilot:
        for event in XTermParser().feed(f"a{spelled}b\r"):
            app.post_message(event)
        await pilot.pause()
        assert app.sent == ["a\nb"]
