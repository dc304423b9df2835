"""One reply from the question to the database, whatever happens on the way."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Final

from termai.chat import prompts
from termai.chat.async_store import AsyncChatStore
from termai.chat.client import ChatClient, Waiting
from termai.chat.generation import Generation, Update
from termai.chat.messages import Message, ReplyStats, Role, Status
from termai.chat.sampling import Sampling
from termai.chat.store import ChatStore
from termai.errors import NotFoundError, TermaiError

SAVE_EVERY_S: Final = 0.4
RETRY_S: Final = 2.0
_NO_SAMPLING: Final = Sampling()

Listener = Callable[[Update], None]


class Reply:
    """Answers one message of a conversation and keeps the text in the store as it streams.

    parent: the id of the message to answer. A second reply to the same parent, which is what
    retrying is, becomes a sibling of the first.

    While it runs and afterwards: ``content``, ``reasoning``, ``stats``, ``status``, ``error``
    (a sentence when the status is FAILED), ``unsaved`` (a sentence while the disk refuses the
    text, which stays here and is tried again; `save` tries now) and ``message`` (None before it
    begins).
    """

    def __init__(
        self,
        client: ChatClient,
        store: AsyncChatStore,
        parent: int,
        *,
        sampling: Sampling = _NO_SAMPLING,
        thinking: bool | None = None,
        with_reasoning: bool = False,
        on_wait: Waiting | None = None,
    ) -> None:
        self.message: Message | None = None
        self.status = Status.STREAMING
        self.error = ""
        self.unsaved = ""
        self._client = client
        self._store = store
        self._parent = parent
        self._sampling = sampling
        self._thinking = thinking
        self._with_reasoning = with_reasoning
        self._on_wait = on_wait
        self._generation: Generation | None = None
        self._stop_requested = False
        self._keeper = _Keeper(self._write)

    @property
    def content(self) -> str:
        """The answer so far."""
        return self._generation.content if self._generation else ""

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return self._generation.reasoning if self._generation else ""

    @property
    def stats(self) -> ReplyStats:
        """The measurements so far."""
        return self._generation.stats if self._generation else ReplyStats()

    @property
    def finish_reason(self) -> str:
        """Why the answer ended: ``length`` says that it was cut; empty until then."""
        return self._generation.finish_reason if self._generation else ""

    def cancel(self) -> None:
        """Stop here and keep what came; the iteration then ends normally.

        To be called from the event loop in which the reply runs.
        """
        self._stop_requested = True
        if self._generation is not None:
            self._generation.stop()

    async def run(self, listener: Listener | None = None) -> Message:
        """Run to the end and return the message as it was kept; ``listener`` hears each piece.

        A failing server is no exception here: the message has the status FAILED and the
        sentence. Raises StorageError or NotFoundError when the reply cannot even begin.
        """
        async with aclosing(self.updates()) as updates:
            async for update in updates:
                if listener is not None:
                    listener(update)
        return self.kept()

    def kept(self) -> Message:
        """Return the message with what is known now, saved or not."""
        begun = self.message
        if begun is None:
            raise RuntimeError("The reply has not begun.")
        return Message(
            id=begun.id,
            conversation=begun.conversation,
            parent=begun.parent,
            role=begun.role,
            content=self.content,
            reasoning=self.reasoning,
            status=self.status,
            created_at=begun.created_at,
            stats=self.stats,
            model=self._model(),
            error=self.error,
        )

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Yield each piece as it comes; to be iterated once.

        However it ends, by itself, by `cancel`, by a failure, by closing the iterator or by the
        cancellation of its task, what came is kept with the status that says so.
        """
        generation = self._generation = await self._begin()
        try:
            async with aclosing(generation.updates()) as updates:
                async for update in updates:
                    if update.progress is None:
                        self._keeper.touch()
                    yield update
            self.status = Status.STOPPED if generation.stopped else Status.COMPLETE
        except TermaiError as error:
            self.status, self.error = Status.FAILED, str(error)
        finally:
            if self.status is Status.STREAMING:
                self.status = Status.STOPPED
            await asyncio.shield(asyncio.ensure_future(self._keeper.finish()))

    async def save(self) -> bool:
        """Write what there is to the store now and return whether the disk took it."""
        return await self._write()

    async def _begin(self) -> Generation:
        messages, self.message = await self._store.run(self._begun)
        generation = Generation(
            self._client,
            messages,
            self._sampling,
            thinking=self._thinking,
            on_wait=self._on_wait,
        )
        if self._stop_requested:
            generation.stop()
        return generation

    def _begun(self, store: ChatStore) -> tuple[list[prompts.RequestMessage], Message]:
        """Return the request and the empty reply, in one visit to the store."""
        path = store.path_to(self._parent)
        if not path:
            raise NotFoundError(f"There is no message {self._parent} to answer.")
        conversation = store.conversation(path[-1].conversation)
        messages = prompts.build(
            path, system_prompt=conversation.system_prompt, with_reasoning=self._with_reasoning
        )
        reply = store.add(conversation.id, self._parent, Role.ASSISTANT, status=Status.STREAMING)
        return messages, reply

    async def _write(self) -> bool:
        kept = self.kept()
        try:
            await self._store.update_reply(
                kept.id,
                kept.content,
                kept.reasoning,
                kept.status,
                kept.stats,
                model=kept.model,
                error=kept.error,
            )
        except TermaiError as error:
            self.unsaved = str(error)
        else:
            self.unsaved = ""
        return not self.unsaved

    def _model(self) -> str:
        answered = self._generation.model if self._generation else ""
        return answered or self._client.endpoint.model


class _Keeper:
    """Writes at most every SAVE_EVERY_S seconds, and only when there is something new.

    Writing happens beside the stream, so that a slow disk does not slow the text. ``write``
    returns whether the disk took it; what it did not take is tried again.
    """

    def __init__(self, write: Callable[[], Coroutine[None, None, bool]]) -> None:
        self._write = write
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._new = False
        self._over = False

    def touch(self) -> None:
        """Say that there is something new."""
        self._new = True
        if self._timer is None and self._writing is None and not self._over:
            self._wait(SAVE_EVERY_S)

    async def finish(self) -> None:
        """Write the end, after everything that is being written; later too if the disk refuses."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        if not await self._write():
            self._wait(RETRY_S)

    def _wait(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._new = False
        self._writing = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        taken = await self._write()
        self._writing = None
        if not taken and self._over:
            self._wait(RETRY_S)
        elif self._new or not taken:
            self.touch()
