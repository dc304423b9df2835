"""Threads of the program's own for calls that block, so that the event loop never does."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_Task = Callable[[], None]


class Threads:
    """A few daemon threads that take blocking calls in turn.

    They are not those of asyncio, which Textual needs for itself, and they are daemons: a call
    that still blocks when the program quits does not hold it up.
    """

    def __init__(self, count: int = 4) -> None:
        self._count = count
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._started = 0
        self._idle = 0

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call ``function(*arguments)`` in a thread; return what it returns, raise what it raises.

        Cancelling the caller does not stop the call; its result is then dropped.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            self._idle += 1
            if future.done():
                return
            if error is None:
                future.set_result(result)  # type: ignore[arg-type]
            else:
                future.set_exception(error)

        def task() -> None:
            result, error = _outcome(function, arguments)
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        self._enlist()
        self._tasks.put(task)
        return await future

    def close(self) -> None:
        """Let the threads end once they have nothing to do; what blocks is left behind."""
        for _ in range(self._started):
            self._tasks.put(None)

    def _enlist(self) -> None:
        if self._idle:
            self._idle -= 1
        elif self._started < self._count:
            self._started += 1
            Thread(target=self._work, name=f"termai-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while task := self._tasks.get():
            task()


def _outcome(
    function: Callable[..., T], arguments: tuple[Any, ...]
) -> tuple[T | None, BaseException | None]:
    try:
        return function(*arguments), None
    except BaseException as error:  # noqa: BLE001 - handed to the one who awaits it
        return None, error
