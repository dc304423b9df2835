"""The replies that are arriving, in whichever conversation, each in a task of its own.

They are no workers: those are cancelled when the program quits, and these are ended with care.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message as TextualMessage

from termai.chat.client import ChatClient
from termai.chat.messages import Message
from termai.chat.reply import Reply
from termai.tui.messages import Failed
from termai.tui.screens.chat_present import model_name, stats_line, thought_line
from termai.tui.widgets.chat_message import Shown

if TYPE_CHECKING:
    from textual.screen import Screen

    from termai.chat.async_store import AsyncChatStore
    from termai.chat.deltas import Progress
    from termai.chat.generation import Update
    from termai.tui.screens.chat_target import Target


@dataclass
class ReplyStirred(TextualMessage):
    """The first piece of a reply is there."""

    running: Running


@dataclass
class ReplyEnded(TextualMessage):
    """A reply ended; ``message`` is what was kept, None when it could not even begin."""

    running: Running
    message: Message | None


class Running:
    """A reply on its way: what it answers, and what can be shown of it now.

    key: the negative number under which its view is known while it runs.
    """

    def __init__(self, key: int, conversation: int, target: Target) -> None:
        self.key = key
        self.conversation = conversation
        self.target = target
        self.reply: Reply | None = None
        self._progress: Progress | None = None
        self._waiting = ""
        self._asked = time.monotonic()
        self._thinking: tuple[float, float] | None = None

    @property
    def message_id(self) -> int | None:
        """The id under which the store keeps it, None before it begins."""
        return self.reply.message.id if self.reply and self.reply.message else None

    def stop(self) -> None:
        """End the reply here and keep what came."""
        if self.reply is not None:
            self.reply.cancel()

    def heard(self, update: Update) -> None:
        """Take note of a piece."""
        if update.progress is not None:
            self._progress = update.progress
            return
        self._progress, self._waiting = None, ""
        if update.reasoning:
            now = time.monotonic()
            self._thinking = (self._thinking[0] if self._thinking else now, now)

    def waited(self, seconds: float, said: str) -> None:
        """Take note that the server is not ready yet."""
        self._waiting = f"waiting {seconds:.0f} s for the server: {said}"

    def shown(self) -> Shown:
        """Return what there is to see now."""
        reply = self.reply
        content = reply.content if reply else ""
        reasoning = reply.reasoning if reply else ""
        return Shown(
            who=model_name(self.target.endpoint.model),
            content=content,
            reasoning=reasoning,
            thought=self._thought(content),
            stats=self._state(content or reasoning),
            live=True,
        )

    def _thought(self, content: str) -> str:
        if self._thinking is None:
            return ""
        begun, last = self._thinking
        if content:
            return thought_line(last - begun, None)
        return f"thinking for {time.monotonic() - begun:.0f} s"

    def _state(self, text: str) -> str:
        if text and self.reply is not None:
            return stats_line(self.reply.stats)
        if self._waiting:
            return self._waiting
        progress = self._progress
        if progress and progress.total:
            part = min(1.0, progress.processed / progress.total)
            return f"reading the prompt {part:.0%} of {progress.total} tok"
        return f"waiting {time.monotonic() - self._asked:.0f} s"


class Replies:
    """Starts replies and keeps their connections; posts ReplyStirred and ReplyEnded to a screen.

    One reply runs in a conversation at a time. What comes is kept by the store, whatever is on
    the screen.
    """

    def __init__(self, screen: Screen[None], store: AsyncChatStore) -> None:
        self._screen = screen
        self._store = store
        self._running: dict[int, Running] = {}
        self._clients: dict[object, ChatClient] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._key = 0

    def __iter__(self) -> Iterator[Running]:
        return iter(tuple(self._running.values()))

    def of(self, conversation: int | None) -> Running | None:
        """Return the reply that is arriving in a conversation."""
        return None if conversation is None else self._running.get(conversation)

    def start(self, conversation: int, parent: int, target: Target) -> Running:
        """Begin to answer message ``parent``."""
        self._key -= 1
        running = Running(self._key, conversation, target)
        running.reply = Reply(
            self.client(target),
            self._store,
            parent,
            sampling=target.sampling,
            thinking=target.thinking,
            on_wait=running.waited,
        )
        self._running[conversation] = running
        task = asyncio.create_task(self._run(running, running.reply))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return running

    def client(self, target: Target) -> ChatClient:
        """Return the connection to a server, kept open between questions."""
        client = self._clients.get(target.endpoint)
        if client is None:
            client = self._clients[target.endpoint] = ChatClient(target.endpoint)
        return client

    async def close(self) -> None:
        """Stop what runs, keep what came, and close the connections."""
        for running in self:
            running.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients.values():
            await client.close()

    async def _run(self, running: Running, reply: Reply) -> None:
        stirred = False

        def heard(update: Update) -> None:
            nonlocal stirred
            running.heard(update)
            if not stirred and update.progress is None:
                stirred = True
                self._screen.post_message(ReplyStirred(running))

        try:
            await reply.run(heard)
        except Exception as error:  # noqa: BLE001 - one reply never takes the program down
            self._screen.post_message(Failed.of(error))
        finally:
            del self._running[running.conversation]
            kept = reply.kept() if reply.message else None
            self._screen.post_message(ReplyEnded(running, kept))
