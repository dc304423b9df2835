"""The conversation store for an event loop: everything runs on one thread of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from termai.chat.store import ChatStore
from termai.errors import StorageError

P = ParamSpec("P")
T = TypeVar("T")


def _forwarded(
    method: Callable[Concatenate[ChatStore, P], T],
) -> Callable[Concatenate["AsyncChatStore", P], Awaitable[T]]:
    def call(self: "AsyncChatStore", /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
        return self.run(lambda store: method(store, *args, **kwargs))

    call.__doc__ = method.__doc__
    call.__name__ = method.__name__
    return call


class AsyncChatStore:
    """`ChatStore` behind awaitable methods of the same names, arguments and errors.

    Calls run in the order in which they were made, also those whose caller was cancelled.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chat-store")
        self._store: ChatStore | None = None

    async def open(self) -> Self:
        """Open the database; anything else opens it too when this was not called."""
        await self.run(lambda store: None)
        return self

    async def close(self) -> None:
        """Finish what was begun and close the database."""
        try:
            await self._submit(self._close)
        finally:
            self._thread.shutdown(wait=False)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def run(self, call: Callable[[ChatStore], T]) -> Awaitable[T]:
        """Run ``call`` with the store on the store's thread, at once and before later calls."""
        return self._submit(lambda: call(self._opened()))

    create = _forwarded(ChatStore.create)
    conversation = _forwarded(ChatStore.conversation)
    list_conversations = _forwarded(ChatStore.list_conversations)
    rename = _forwarded(ChatStore.rename)
    set_system_prompt = _forwarded(ChatStore.set_system_prompt)
    delete = _forwarded(ChatStore.delete)
    undelete = _forwarded(ChatStore.undelete)
    purge = _forwarded(ChatStore.purge)
    add = _forwarded(ChatStore.add)
    update_reply = _forwarded(ChatStore.update_reply)
    message = _forwarded(ChatStore.message)
    path = _forwarded(ChatStore.path)
    path_to = _forwarded(ChatStore.path_to)
    children = _forwarded(ChatStore.children)
    roots = _forwarded(ChatStore.roots)
    set_active = _forwarded(ChatStore.set_active)
    leaf_below = _forwarded(ChatStore.leaf_below)
    search = _forwarded(ChatStore.search)
    settle_interrupted = _forwarded(ChatStore.settle_interrupted)

    def _opened(self) -> ChatStore:
        if self._store is None:
            self._store = ChatStore(self._path)
        return self._store

    def _close(self) -> None:
        if self._store is not None:
            store, self._store = self._store, None
            store.close()

    def _submit(self, call: Callable[[], T]) -> "asyncio.Future[T]":
        try:
            return asyncio.wrap_future(self._thread.submit(call))
        except RuntimeError as error:
            raise StorageError("The conversations are closed; nothing was written.") from error
