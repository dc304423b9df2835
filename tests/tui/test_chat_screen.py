"""Chat with the smoke model on a real llama-server: ask, retry, rename, delete, come back."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.binding import Binding

from termai.chat.drafts import load_draft
from termai.chat.messages import Role, Status
from termai.chat.store import ChatStore
from termai.models.smoke import questions
from termai.paths import chats_db
from termai.servers.records import Server
from termai.tui import work
from termai.tui.screens.chat import ChatScreen
from termai.tui.screens.chat_book import Book
from termai.tui.widgets.chat_list import ConversationOptions
from termai.tui.widgets.chat_message import MessageView
from termai.tui.widgets.chat_prompt import Prompt
from tests.tui.chat_support import Chat, chatting, kept, stop_servers
from tests.tui.support import LARGE, opened, screen_text, toasts, until

ANSWERS = {q.messages[0].content: q.answer for q in questions() if len(q.messages) == 1}
PARIS = "What is the capital of France?"
SUM = "Think first. What is 17 plus 25?"


@pytest.fixture(autouse=True)
def _no_server_left(home: Path) -> Iterator[None]:
    yield
    stop_servers()


async def test_a_question_is_answered_word_for_word_and_measured() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        assert await chat.ask(PARIS) == ANSWERS[PARIS]
        assert ANSWERS[PARIS] in chat.text
        assert " tok · " in chat.text
        assert "/2k" in chat.text.splitlines()[1]
        assert chat.screen.prompt.text == ""
        assert chat.screen.prompt.has_focus
    ((question, answer),) = kept()
    assert (question.content, answer.content) == (PARIS, ANSWERS[PARIS])
    assert answer.status is Status.COMPLETE


async def test_the_next_question_knows_the_turn_before() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask("My name is Otto.")
        assert await chat.ask("What is my name?") == "Your name is Otto."


async def test_thoughts_are_folded_to_one_line_and_open() -> None:
    thought = next(q.reasoning for q in questions() if q.messages[-1].content == SUM)
    assert thought
    async with chatting(start="smoke") as chat:
        await chat.ready()
        assert await chat.ask(SUM) == ANSWERS[SUM]
        assert "▸ thought" in chat.text
        assert "tokens)" in chat.text
        assert thought not in chat.text
        await chat.pilot.press("ctrl+o")
        await chat.pilot.pause()
        assert "▾ thought" in chat.text
        assert thought in chat.text
        await chat.pilot.press("ctrl+o")
        await chat.pilot.pause()
        assert thought not in chat.text


async def test_a_retry_is_a_sibling_of_the_first_answer() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(PARIS)
        await chat.pilot.press("ctrl+r")
        await chat.settle()
        await chat.answered()
        assert len(chat.screen.book.messages) == 2
        assert len(chat.screen.query(MessageView)) == 2
        question = chat.screen.book.messages[0]
    with ChatStore() as store:
        answers = store.children(question.id)
        assert [answer.content for answer in answers] == [ANSWERS[PARIS]] * 2
        assert [m.id for m in store.path(question.conversation)] == [question.id, answers[1].id]


async def test_markdown_is_drawn() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask("Show me some Markdown.")
        assert "• one bold word" in chat.text
        assert "**" not in chat.text


@pytest.fixture
def held_start(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Hold the start of servers back until the event is set."""
    held, start = threading.Event(), work.start_profile

    def wait_and_start(name: str) -> Server:
        assert held.wait(20)
        return start(name)

    monkeypatch.setattr(work, "start_profile", wait_and_start)
    return held


async def test_without_a_server_enter_starts_one_and_sends_when_it_is_ready(
    held_start: threading.Event,
) -> None:
    async with chatting() as chat:
        await chat.said("No server is running. Enter starts smoke.")
        await chat.write(PARIS)
        await chat.pilot.press("enter")
        await chat.said("Your message is sent then")
        assert chat.screen.prompt.text == PARIS
        held_start.set()
        await until(chat.pilot, lambda: len(chat.screen.book.messages) == 2, what="an answer")
        assert chat.screen.book.messages[1].content == ANSWERS[PARIS]
        assert chat.screen.prompt.text == ""


async def test_a_message_that_waits_for_a_server_is_taken_back_with_escape(
    held_start: threading.Event,
) -> None:
    async with chatting() as chat:
        await chat.said("Enter starts smoke")
        await chat.write("hello")
        await chat.pilot.press("enter")
        await chat.said("Your message is sent then")
        await chat.pilot.press("escape")
        held_start.set()
        await chat.ready()
        assert chat.screen.book.messages == []
        assert chat.screen.prompt.text == "hello"


async def test_the_last_conversation_and_its_draft_are_there_again() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(PARIS)
        await chat.write("half a tho")
    async with chatting() as again:
        assert ANSWERS[PARIS] in again.text
        assert again.screen.prompt.text == "half a tho"


async def test_each_conversation_keeps_its_draft() -> None:
    async with chatting(start="smoke", size=LARGE) as chat:
        await chat.ready()
        await chat.ask(PARIS)
        await chat.write("for the first")
        await chat.pilot.press("ctrl+n")
        await chat.settle()
        assert chat.screen.prompt.text == ""
        await chat.write("for a new one")
        await chat.pilot.press("ctrl+l", "enter")
        await chat.settle()
        assert chat.screen.prompt.text == "for the first"
        await chat.pilot.press("ctrl+n")
        await chat.settle()
        assert chat.screen.prompt.text == "for a new one"


async def test_what_is_typed_while_the_chat_opens_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    read = asyncio.Event()
    open_last = Book.open_last

    async def late(book: Book) -> None:
        await read.wait()
        await open_last(book)

    monkeypatch.setattr(Book, "open_last", late)
    async with opened("chat") as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, ChatScreen))
        await pilot.press("h", "i")
        read.set()
        chat = Chat(app, pilot)
        await chat.settle()
        assert chat.screen.prompt.text == "hi"


async def test_a_conversation_is_renamed_deleted_and_brought_back() -> None:
    async with chatting(start="smoke", size=LARGE) as chat:
        await chat.ready()
        await chat.ask(PARIS)
        await chat.pilot.press("ctrl+t", "end", "!", "enter")
        await chat.settle()
        assert chat.screen.book.title == f"{PARIS}!"
        assert f"{PARIS}!" in chat.text.splitlines()[1]
        await chat.pilot.press("f9")
        await chat.said("Delete this conversation?")
        await chat.pilot.press("y")
        await chat.settle()
        assert chat.screen.book.id is None
        assert ANSWERS[PARIS] not in chat.text
        await chat.pilot.press("f7")
        await chat.settle()
        assert ANSWERS[PARIS] in chat.text


async def test_deleting_can_be_declined() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(PARIS)
        await chat.pilot.press("f9")
        await chat.said("Delete this conversation?")
        await chat.pilot.press("escape")
        await chat.settle()
        assert len(chat.screen.book.messages) == 2


async def test_search_finds_conversations_by_their_words() -> None:
    with ChatStore() as store:
        for title, words in [("One", "about apples"), ("Two", "about pears")]:
            conversation = store.create(title)
            store.add(conversation.id, None, Role.USER, words)
    async with chatting(size=LARGE) as chat:
        rows = chat.screen.query_one(ConversationOptions)
        assert [str(option.prompt).strip() for option in rows.options] == ["Two", "One"]
        await chat.pilot.press("ctrl+l", "slash", *"apple")
        await chat.settle()
        assert [str(option.prompt).strip() for option in rows.options] == ["One"]
        await chat.pilot.press("enter", "enter")
        await chat.settle()
        assert chat.screen.book.title == "One"
        assert chat.screen.prompt.has_focus


async def test_copy_takes_the_raw_text_and_save_writes_it(home: Path) -> None:
    question = "Show me some Markdown."
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(question)
        await chat.pilot.press("ctrl+y")
        assert chat.app.clipboard == ANSWERS[question]
        assert "Copied" in toasts(chat.app)
        for _ in range(2):
            await chat.pilot.press("ctrl+s")
            await chat.said("Save this message to")
            await chat.pilot.press("enter")
            await chat.pilot.pause()
        await until(chat.pilot, lambda: "is there already" in toasts(chat.app))
    (saved,) = (home / "home").glob("*.md")
    assert saved.read_text() == ANSWERS[question]


async def test_a_chosen_message_is_the_one_that_is_copied() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(PARIS)
        chat.screen.transcript.focus()
        await chat.pilot.press("k", "k", "ctrl+y")
        assert chat.app.clipboard == PARIS
        await chat.pilot.press("escape")
        assert chat.screen.transcript.chosen is None
        assert chat.screen.prompt.has_focus


async def test_the_list_is_a_panel_at_80_columns_and_beside_the_chat_at_120() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        assert "CHATS" not in chat.text
        await chat.pilot.press("ctrl+l")
        await chat.settle()
        assert "CHATS" in chat.text
        await chat.pilot.press("ctrl+l")
        await chat.settle()
        assert "CHATS" not in chat.text
        await chat.pilot.resize_terminal(*LARGE)
        await chat.settle()
        assert "CHATS" in chat.text


async def test_a_server_is_chosen_from_those_that_live() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.pilot.press("ctrl+g")
        await chat.said("Talk to which server?")
        assert "smoke" in screen_text(chat.app)
        await chat.pilot.press("enter")
        await chat.pilot.pause()
        assert chat.app.chat_server == "smoke"


async def test_every_key_has_an_id_and_says_what_it_does() -> None:
    for owner in (ChatScreen, Prompt, ConversationOptions):
        for binding in owner.BINDINGS:
            assert isinstance(binding, Binding)
            if binding.action.startswith("type("):
                continue
            assert binding.id, binding
            assert binding.tooltip, binding
            assert len(binding.description) <= 8, binding


async def test_the_keys_fit_into_80_columns() -> None:
    async with chatting(start="smoke") as chat:
        await chat.ready()
        await chat.ask(SUM)
        footer = chat.text.splitlines()[-1]
        for label in ("Retry", "Copy", "Think", "New", "List", "Server", "Menu", "Help"):
            assert label in footer, footer


async def test_a_conversation_of_500_messages_opens_with_few_widgets() -> None:
    with ChatStore() as store:
        conversation = store.create("long")
        parent = None
        for number in range(250):
            question = store.add(conversation.id, parent, Role.USER, f"question {number}")
            answer = store.add(conversation.id, question.id, Role.ASSISTANT, f"**a** {number}")
            parent = answer.id
    async with chatting() as chat:
        assert len(chat.screen.book.messages) == 500
        assert len(chat.screen.query("*")) < 70
        await chat.write("still quick")
        assert chat.screen.prompt.text == "still quick"
        await chat.pilot.press("pageup", "pageup", "pageup")
        await chat.settle()
        assert "question 249" not in chat.text


async def test_a_database_that_is_none_stops_nothing_and_stays_as_it_is() -> None:
    chats_db().parent.mkdir(parents=True)
    chats_db().write_text("no database at all, " * 99)
    async with chatting(start="smoke") as chat:
        await until(chat.pilot, lambda: "chats.db" in toasts(chat.app), what="a toast")
        await chat.ready()
        await chat.write("hello")
        await chat.pilot.press("enter")
        await until(chat.pilot, lambda: "chats.db" in toasts(chat.app), what="another toast")
        await chat.settle()
        assert chat.screen.prompt.text == "hello"
    assert chats_db().read_text().startswith("no database at all")


async def test_a_draft_stays_in_its_conversation_however_fast_one_switches() -> None:
    with ChatStore() as store:
        first, second = store.create("first").id, store.create("second").id
    async with chatting(size=LARGE) as chat:
        assert chat.screen.book.id == second
        for _ in range(3):
            chat.screen.prompt.insert("x")
            chat.screen.do(chat.screen.open(first))
            chat.screen.do(chat.screen.open(second))
            await chat.settle()
    assert load_draft(first) == ""
    assert load_draft(second) == "xxx"
