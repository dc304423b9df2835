"""One model, many requests: each gets its turn in the model's thread, in the order they came."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any

from termai.engines.host.errors import StoppedError
from termai.engines.host.model import Model

_END = object()


class Turns:
    """Runs requests one after the other; leaving an iteration stops its request.

    Each request has a flag of its own to stop it, which is the model's while it has its turn: a
    request that was left may still be ending when the next one is already waiting.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self._thread = ThreadPoolExecutor(1, "model")
        self._flags: set[threading.Event] = set()
        self._closing = False

    async def stream(self, work: Callable[[], Iterator[Any]]) -> AsyncGenerator[Any]:
        """Yield what ``work`` yields, computed in the thread; raises what it raises."""
        if self._closing:
            raise StoppedError
        stop = threading.Event()
        self._flags.add(stop)
        items: asyncio.Queue[Any] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def put(item: Any) -> None:
            loop.call_soon_threadsafe(items.put_nowait, item)

        produced = loop.run_in_executor(self._thread, self._produce, work, stop, put)
        produced.add_done_callback(_seen)
        try:
            while (item := await items.get()) is not _END:
                yield item
            await produced
        finally:
            stop.set()
            self._flags.discard(stop)

    async def whole(self, work: Callable[[], Any]) -> Any:
        """Return what ``work`` returns, computed in the thread; cancelling this stops it."""
        async with aclosing(self.stream(lambda: iter([work()]))) as results:
            return await anext(results)

    def close(self) -> None:
        """Stop the request that has its turn and refuse those that wait."""
        self._closing = True
        for stop in self._flags:
            stop.set()

    def _produce(
        self,
        work: Callable[[], Iterator[Any]],
        stop: threading.Event,
        put: Callable[[Any], None],
    ) -> None:
        self.model.stop = stop
        try:
            if stop.is_set():
                raise StoppedError
            for item in work():
                put(item)
        finally:
            put(_END)


def _seen(future: "asyncio.Future[None]") -> None:
    """Note what the thread raised, which is raised again where the items are read, if anywhere."""
    if not future.cancelled():
        future.exception()
