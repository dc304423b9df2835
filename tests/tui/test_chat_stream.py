"""Replies that take their time: stopped, watched from elsewhere, broken off, full of escapes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.chat.messages import Status
from termai.tui.widgets.chat_message import MessageView
from tests.tui.chat_support import chatting, kept, stop_servers, talking
from tests.tui.support import LARGE, until

LONG = " ".join(f"word{number}" for number in range(3000))
EVIL = (
    "before \x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]52;c;aGFja2Vk\x07 \x1b[2J\x9b5m "
    "\x1b[?1049h[bold]markup[/bold] [@click=app.quit]click[/] \u202eback\x00\x07 after"
)


@pytest.fixture(autouse=True)
def _no_server_left(home: Path) -> Iterator[None]:
    yield
    stop_servers()


async def test_escape_stops_the_answer_and_keeps_what_came(tmp_path: Path) -> None:
    async with talking(LONG, tmp_path) as chat:
        await chat.send("talk")
        await chat.said("word9")
        assert "Stop" in chat.text.splitlines()[-1]
        await chat.pilot.press("escape")
        await chat.answered()
        answer = chat.screen.book.messages[-1]
        assert answer.status is Status.STOPPED
        assert answer.content.startswith("word0 word1")
        assert LONG.startswith(answer.content)
        assert "^r answers again" in chat.text
        assert "Stop" not in chat.text.splitlines()[-1]
    ((_, again),) = kept()
    assert again.content == answer.content


async def test_the_text_is_drawn_as_it_comes_with_its_rate(tmp_path: Path) -> None:
    async with talking(LONG, tmp_path) as chat:
        await chat.send("talk")
        await chat.said("word5")
        first = chat.screen.query(MessageView).last().size.height
        await until(
            chat.pilot,
            lambda: chat.screen.query(MessageView).last().size.height > first + 3,
            what="a longer reply",
        )
        assert " t/s" in chat.text
        transcript = chat.screen.transcript
        assert transcript.scroll_y == transcript.max_scroll_y


async def test_a_stream_goes_on_in_its_own_conversation(tmp_path: Path) -> None:
    async with talking(LONG, tmp_path, size=LARGE) as chat:
        await chat.send("first")
        first = chat.screen.book.id
        await chat.said("word5")
        await chat.pilot.press("ctrl+n")
        await chat.settle()
        assert "word5" not in chat.text
        await chat.send("second")
        second = chat.screen.book.id
        await chat.said("word5")
        assert {running.conversation for running in chat.screen.replies} == {first, second}
        await chat.pilot.press("escape")
        await until(chat.pilot, lambda: len(list(chat.screen.replies)) == 1)
        await chat.pilot.press("ctrl+l", "down", "enter")
        await chat.settle()
        assert chat.screen.book.id == first
        running = chat.screen.replies.of(first)
        assert running is not None
        assert running.reply is not None
        before = len(running.reply.content)
        await until(chat.pilot, lambda: running.reply and len(running.reply.content) > before + 50)
        await chat.pilot.press("escape")
        await chat.answered()
    conversations = kept()
    assert sorted(path[0].content for path in conversations) == ["first", "second"]
    assert all(LONG.startswith(answer.content) for _, answer in conversations)
    assert all(len(answer.content) > 20 for _, answer in conversations)


async def test_a_stream_goes_on_while_another_mode_is_open(tmp_path: Path) -> None:
    async with talking("one two three four five the end", tmp_path, per_second=20) as chat:
        await chat.send("talk")
        screen = chat.screen
        await chat.pilot.press("f4")
        await until(chat.pilot, lambda: not list(screen.replies), what="the end of the reply")
        await chat.pilot.press("f5")
        await chat.said("five the end")


async def test_a_second_question_waits_for_the_answer_to_the_first(tmp_path: Path) -> None:
    async with talking(LONG, tmp_path) as chat:
        await chat.send("talk")
        await chat.said("word5")
        await chat.write("more")
        await chat.pilot.press("enter")
        await chat.settle()
        assert chat.screen.prompt.text == "more"
        assert len(chat.screen.book.messages) == 1
        await chat.pilot.press("escape")
        await chat.answered()


async def test_a_server_that_dies_leaves_what_came_and_a_sentence(tmp_path: Path) -> None:
    async with talking(LONG[:2000], tmp_path, per_second=1000) as chat:
        await chat.send("die")
        await chat.answered()
        answer = chat.screen.book.messages[-1]
        assert answer.status is Status.FAILED
        assert answer.content.startswith("word0 word1")
        assert answer.error
        await chat.said("^r answers again")
        await chat.said("talker ended")
    async with chatting() as again:
        assert "^r answers again" in again.text


async def test_what_a_model_says_never_drives_the_terminal(tmp_path: Path) -> None:
    async with talking(EVIL, tmp_path) as chat:
        assert EVIL.startswith(await chat.ask("be evil"))
        await chat.pilot.press("ctrl+t", "end", *"[b]x[/b]", "enter")
        await chat.settle()
        text = chat.text
        assert "red" in text
        assert "[bold]markup[/bold] [@click=app.quit]click[/] back after" in text
        assert "title" not in text.replace("Title", "")
        assert all(character.isprintable() or character == "\n" for character in text)
        await chat.pilot.press("ctrl+y")
        assert chat.app.clipboard == chat.screen.book.messages[-1].content


async def test_quitting_in_mid_reply_keeps_what_came(tmp_path: Path) -> None:
    async with talking(LONG, tmp_path) as chat:
        await chat.send("talk")
        await chat.said("word9")
    ((_, answer),) = kept()
    assert answer.status is Status.STOPPED
    assert answer.content.startswith("word0 word1")
    async with chatting() as again:
        assert "what came is kept" in again.text
        assert "word9" in again.text
