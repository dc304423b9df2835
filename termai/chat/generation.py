"""One answer as it grows: reasoning told from text, measured, and stoppable."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from termai.chat.client import ChatClient, Waiting
from termai.chat.deltas import Delta, Finished, Progress
from termai.chat.messages import ReplyStats
from termai.chat.meter import Meter
from termai.chat.sampling import Sampling
from termai.chat.thinking import Piece, ThinkSplitter


@dataclass(frozen=True, slots=True)
class Update:
    """What has just come: text, reasoning, or how far the prompt is read.

    ``restarted`` says that the text shown so far turned out to be reasoning: show
    ``Generation.content`` and ``Generation.reasoning`` anew.
    """

    content: str = ""
    reasoning: str = ""
    progress: Progress | None = None
    restarted: bool = False


class Generation:
    """Streams one answer from a server and gathers it.

    ``content``, ``reasoning``, ``model``, ``finish_reason`` and ``stats`` are what there is so
    far, also after a failure or a stop; ``finish_reason`` is empty until the end.
    """

    def __init__(
        self,
        client: ChatClient,
        messages: Sequence[Mapping[str, Any]],
        sampling: Sampling,
        *,
        thinking: bool | None = None,
        on_wait: Waiting | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.finished: Finished | None = None
        self._stream = client.stream(
            messages, sampling, thinking=thinking, on_wait=self._waited(on_wait)
        )
        self._client = client
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._splitter = ThinkSplitter()
        self._told_apart = False
        self._clock = clock
        self._meter = Meter()
        self._stopped = False
        self._reader: asyncio.Task[Any] | None = None

    @property
    def content(self) -> str:
        """The answer so far."""
        return _joined(self._content)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return _joined(self._reasoning).strip()

    @property
    def finish_reason(self) -> str:
        """Why the answer ended, such as ``stop`` or ``length``; empty until then."""
        return self.finished.finish_reason if self.finished else ""

    @property
    def model(self) -> str:
        """What the server calls the model that answered; empty until the end."""
        return self.finished.model if self.finished else ""

    @property
    def stopped(self) -> bool:
        """Whether `stop` ended it."""
        return self._stopped

    @property
    def stats(self) -> ReplyStats:
        """The measurements so far."""
        usage = self.finished.usage if self.finished else None
        return self._meter.stats(usage, self._client.known_ctx_size)

    def stop(self) -> None:
        """End the answer here; the iteration ends normally and what came stays.

        To be called from the event loop, while the answer is being awaited or between pieces.
        """
        self._stopped = True
        if self._reader is not None:
            self._reader.cancel()

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Yield each piece as it comes; to be iterated once, and closed when left early.

        Raises what `ChatClient.stream` raises.
        """
        self._meter.asked = self._clock()
        async with aclosing(self._stream) as stream:
            while not self._stopped and (delta := await self._next(stream)) is not None:
                for update in self._taken(delta):
                    yield update
            for update in self._pieces(self._splitter.finish()):
                yield update

    async def _next(self, stream: AsyncGenerator[Delta, None]) -> Delta | None:
        """Return the next delta, or None at the end or when stopped while waiting for it."""
        self._reader = asyncio.current_task()
        try:
            return await anext(stream, None)
        except asyncio.CancelledError:
            if self._stopped and self._reader is not None and not self._reader.uncancel():
                return None
            raise
        finally:
            self._reader = None

    def _taken(self, delta: Delta) -> list[Update]:
        if delta.progress is not None:
            self._meter.prompt_tokens = delta.progress.total
            return [Update(progress=delta.progress)]
        if delta.finished is not None:
            self.finished = delta.finished
            return []
        now = self._clock()
        if delta.reasoning:
            self._meter.count(now, reasoning=True)
            self._reasoning.append(delta.reasoning)
            held = [] if self._told_apart else self._pieces(self._splitter.settle())
            self._told_apart = True
            return [*held, Update(reasoning=delta.reasoning)]
        pieces = self._splitter.feed(delta.content)
        answered = any(piece.content for piece in pieces)
        self._meter.count(now, reasoning=self._splitter.thinking and not answered)
        return self._pieces(pieces)

    def _pieces(self, pieces: list[Piece]) -> list[Update]:
        for piece in pieces:
            if piece.restarted:
                self._reasoning.append(self.content + piece.reasoning)
                self._content = []
                self._meter.restart()
                continue
            if piece.content:
                self._content.append(piece.content)
            if piece.reasoning:
                self._reasoning.append(piece.reasoning)
        return [Update(p.content, p.reasoning, None, p.restarted) for p in pieces]

    def _waited(self, on_wait: Waiting | None) -> Waiting:
        """Count the time to the first token from the moment the server was ready."""

        def waited(seconds: float, said: str) -> None:
            self._meter.asked = self._clock()
            if on_wait is not None:
                on_wait(seconds, said)

        return waited


def _joined(parts: list[str]) -> str:
    """Return the text of ``parts``, which become one part so that the next time is cheap."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
