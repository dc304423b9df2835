"""The conversation that is open, and the others: what the store holds, without any widget."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING

from termai.chat.drafts import NEW, load_draft, save_draft
from termai.chat.messages import Role
from termai.chat.prompts import suggest_title

if TYPE_CHECKING:
    from termai.chat.async_store import AsyncChatStore
    from termai.chat.messages import Conversation, Message

PURGE_AFTER_S = 30 * 86400.0
"""Seconds after which a deleted conversation is gone for good."""


class Book:
    """The open conversation (None: one that has not begun) with the messages of its branch.

    Everything raises StorageError and InvalidFileError as the store does.
    """

    def __init__(self, store: AsyncChatStore) -> None:
        self._store = store
        self.conversation: Conversation | None = None
        self.messages: list[Message] = []

    @property
    def id(self) -> int | None:
        """The id of the open conversation."""
        return self.conversation.id if self.conversation else None

    @property
    def title(self) -> str:
        """The title of the open conversation."""
        return self.conversation.title if self.conversation else ""

    async def open(self, conversation: int | None) -> None:
        """Open a conversation, or a new one that is kept from its first message on."""
        if conversation is None:
            self.conversation, self.messages = None, []
            return
        opened = await self._store.conversation(conversation)
        self.messages = await self._store.path(conversation)
        self.conversation = opened

    async def open_last(self) -> None:
        """Forget what was deleted long ago and open the conversation that was used last."""
        await self._store.purge(older_than_s=PURGE_AFTER_S)
        last = await self._store.list_conversations(limit=1)
        await self.open(last[0].id if last else None)

    async def ask(self, text: str, system_prompt: str) -> Message:
        """Add a person's message at the end; the first one begins the conversation."""
        if self.conversation is None:
            title = suggest_title(text)
            self.conversation = await self._store.create(title, system_prompt=system_prompt)
        parent = self.messages[-1].id if self.messages else None
        message = await self._store.add(self.conversation.id, parent, Role.USER, text)
        self.messages.append(message)
        return message

    def take_back_reply(self) -> int | None:
        """Leave the last reply out of the branch; return the message that is to be answered."""
        if self.messages and self.messages[-1].role is Role.ASSISTANT:
            return self.messages.pop().parent
        return self.messages[-1].id if self.messages else None

    async def rename(self, title: str) -> None:
        """Give the open conversation another title."""
        if self.conversation is not None:
            await self._store.rename(self.conversation.id, title)
            self.conversation = await self._store.conversation(self.conversation.id)

    async def delete(self, conversation: int) -> None:
        """Put a conversation aside, and open the last used one when it was open."""
        await self._store.delete(conversation)
        if self.id == conversation:
            await self.open_last()

    async def undelete(self, conversation: int) -> None:
        """Bring a conversation back and open it."""
        await self._store.undelete(conversation)
        await self.open(conversation)

    async def find(self, words: str) -> list[Conversation]:
        """Return all conversations, last used first, or those that have the words."""
        if not words.strip():
            return await self._store.list_conversations()
        hits = await self._store.search(words)
        return list({hit.conversation.id: hit.conversation for hit in hits}.values())

    async def load_draft(self) -> str:
        """Return what was written in the open conversation and not sent."""
        return await self._store.run(lambda _: load_draft(self.id or NEW))

    def save_draft(self, text: str) -> Awaitable[None]:
        """Keep what is written in the conversation that is open at the time of the call."""
        save = partial(save_draft, text, self.id or NEW)
        return self._store.run(lambda _: save())

    def asked(self) -> list[str]:
        """Return what the person said in the open conversation, oldest first."""
        return [message.content for message in self.messages if message.role is Role.USER]
