"""One model, many requests: each gets its turn in a thread, in the order they came."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

from termai.engines.host.errors import StoppedError
from termai.engines.host.model import Model

_END = object()


class Turns:
    """Runs requests one after the other; leaving an iteration stops its request."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "model")
        self._closing = False

    async def stream(self, work: Callable[[], Iterator[Any]]) -> AsyncGenerator[Any]:
        """Yield what ``work`` yields, computed in a thread; raises what it raises."""
        async with self._turn:
            if self._closing:
                raise StoppedError
            self.model.stop.clear()
            queue: asyncio.Queue[Any] = asyncio.Queue()
            loop = asyncio.get_running_loop()
            produced = loop.run_in_executor(self._thread, _produce, work, queue, loop)
            try:
                while (item := await queue.get()) is not _END:
                    yield item
                await produced
            finally:
                self.model.stop.set()
                await asyncio.shield(_settled(produced))

    async def whole(self, work: Callable[[], Any]) -> Any:
        """Return what ``work`` returns, computed in a thread; cancelling this stops it."""
        async with aclosing(self.stream(lambda: iter([work()]))) as results:
            return await anext(results)

    def close(self) -> None:
        """Stop the request that has its turn and refuse those that wait."""
        self._closing = True
        self.model.stop.set()


def _produce(
    work: Callable[[], Iterator[Any]],
    queue: "asyncio.Queue[Any]",
    loop: asyncio.AbstractEventLoop,
) -> None:
    try:
        for item in work():
            loop.call_soon_threadsafe(queue.put_nowait, item)
    finally:
        loop.call_soon_threadsafe(queue.put_nowait, _END)


async def _settled(future: "asyncio.Future[None]") -> None:
    """Wait for the thread; what it raised was raised where the items are read, if anywhere."""
    await asyncio.wait([future])
    future.exception()
