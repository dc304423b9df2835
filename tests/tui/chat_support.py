"""Driving the chat in tests: open it with a server, ask, wait for the end of the answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual import events
from textual.pilot import Pilot

from termai.chat.messages import Message
from termai.chat.store import ChatStore
from termai.jobs import control, store
from termai.tui.app import TermaiApp
from termai.tui.screens.chat import ChatScreen
from tests.fakes import talking_server
from tests.tui.support import SMALL, opened, screen_text, until


class Chat:
    """The open chat of a running program."""

    def __init__(self, app: TermaiApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> ChatScreen:
        """The chat's screen, also below a window."""
        found = [s for s in self.app.screen_stack if isinstance(s, ChatScreen)]
        return found[0]

    @property
    def text(self) -> str:
        """What is on the screen."""
        return screen_text(self.app)

    async def settle(self) -> None:
        """Wait until nothing is under way in the chat."""
        screen = self.screen

        def quiet() -> bool:
            groups = {"chat", "chat-search", "chat-older"}
            return not any(w.group in groups and not w.is_finished for w in screen.workers)

        await self.pilot.pause()
        await until(self.pilot, quiet, what="quiet")
        await self.pilot.pause()

    async def ready(self) -> None:
        """Wait until a server can be talked to."""
        await until(
            self.pilot,
            lambda: self.screen.server is not None and self.screen.server.state == "ready",
            what="a ready server",
        )
        self.app.clear_notifications()  # they lie over the conversation
        await self.settle()

    async def write(self, text: str) -> None:
        """Paste ``text`` into the input, which is quicker than to type it."""
        before = self.screen.prompt.text
        self.app.post_message(events.Paste(text))
        await until(self.pilot, lambda: self.screen.prompt.text != before, what="the paste")

    async def send(self, text: str) -> None:
        """Ask, and wait until the question is in the conversation."""
        before = len(self.screen.book.messages)
        await self.write(text)
        await self.pilot.press("enter")
        await until(self.pilot, lambda: len(self.screen.book.messages) > before, what=text)

    async def ask(self, text: str) -> str:
        """Ask, wait for the end of the answer, and return it."""
        await self.send(text)
        await self.answered()
        return self.screen.book.messages[-1].content

    async def answered(self) -> None:
        """Wait until no answer is arriving anywhere and the last one is shown as it was kept."""
        screen = self.screen

        def ended() -> bool:
            live = any(entry.shown.live for entry in screen.transcript.entries)
            return not live and not list(screen.replies)

        await until(self.pilot, ended, what="the end of the reply")
        await self.settle()

    async def said(self, words: str) -> None:
        """Wait until ``words`` are on the screen."""
        try:
            await until(self.pilot, lambda: words in self.text, what=words)
        except AssertionError as error:
            raise AssertionError(f"{words!r} is not on the screen:\n{self.text}") from error


@asynccontextmanager
async def chatting(
    *, start: str = "", chat_with: str = "", size: tuple[int, int] = SMALL
) -> AsyncIterator[Chat]:
    """Open the program in Chat, starting the profile ``start`` if one is named."""
    async with opened("chat", start=start, chat_with=chat_with, size=size) as (app, pilot):
        chat = Chat(app, pilot)
        await until(pilot, lambda: app.screen_stack and isinstance(app.screen, ChatScreen))
        await chat.settle()
        yield chat


@asynccontextmanager
async def talking(
    text: str, directory: Path, *, per_second: float = 200.0, size: tuple[int, int] = SMALL
) -> AsyncIterator[Chat]:
    """Open the chat with a server that says ``text`` to everything."""
    talking_server.launch(text, directory, per_second=per_second)
    async with chatting(chat_with="talker", size=size) as chat:
        await chat.ready()
        yield chat


def stop_servers() -> None:
    """Stop whatever server a test started."""
    for job in store.list_jobs("server"):
        if job.alive:
            control.stop(job, grace_s=1.0)


def kept() -> list[list[Message]]:
    """Return the conversations as another program would find them, last used first."""
    with ChatStore() as found:
        return [found.path(conversation.id) for conversation in found.list_conversations()]
