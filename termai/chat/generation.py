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
        self._asked = self._first = self._last = 0.0
        self._deltas = 0
        self._stopped = False
        self._reader: asyncio.Task[Any] | None = None

    @property
    def content(self) -> str:
        """The answer so far."""
        return _joined(self._content)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return _joined(self._reasoning)

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
        """The measurements so far: the server's where it gives them, else those made here.

        Until the server has counted, each piece of text is taken for one token.
        """
        usage = self.finished.usage if self.finished else None
        prompt = usage.prompt_tokens if usage else None
        completion = usage.completion_tokens if usage else None
        completion = completion if completion is not None else self._deltas or None
        used = None if prompt is None else prompt + (completion or 0)
        first = self._first - self._asked if self._deltas else None
        rate = (usage.tokens_per_second if usage else None) or self._rate(completion)
        return ReplyStats(prompt, completion, first, rate, used, self._client.known_ctx_size)

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
        self._asked = self._clock()
        async with aclosing(self._stream) as stream:
            while not self._stopped and (delta := await self._next(stream)) is not None:
                for update in self._taken(delta):
                    yield update
            for update in self._pieces(self._splitter.settle()):
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
            return [Update(progress=delta.progress)]
        if delta.finished is not None:
            self.finished = delta.finished
            return []
        self._count()
        if delta.reasoning:
            self._reasoning.append(delta.reasoning)
            held = [] if self._told_apart else self._pieces(self._splitter.settle())
            self._told_apart = True
            return [*held, Update(reasoning=delta.reasoning)]
        return self._pieces(self._splitter.feed(delta.content))

    def _pieces(self, pieces: list[Piece]) -> list[Update]:
        for piece in pieces:
            if piece.restarted:
                moved = (self.content + piece.reasoning).strip()
                self._content, self._reasoning = [], [moved]
                continue
            if piece.content:
                self._content.append(piece.content)
            if piece.reasoning:
                self._reasoning.append(piece.reasoning)
        return [Update(p.content, p.reasoning, None, p.restarted) for p in pieces]

    def _count(self) -> None:
        self._last = self._clock()
        if not self._deltas:
            self._first = self._last
        self._deltas += 1

    def _rate(self, completion: int | None) -> float | None:
        elapsed = self._last - self._first
        if completion is None or completion < 2 or elapsed <= 0:
            return None
        return (completion - 1) / elapsed

    def _waited(self, on_wait: Waiting | None) -> Waiting:
        """Count the time to the first token from the moment the server was ready."""

        def waited(seconds: float, said: str) -> None:
            self._asked = self._clock()
            if on_wait is not None:
                on_wait(seconds, said)

        return waited


def _joined(parts: list[str]) -> str:
    """Return the text of ``parts``, which become one part so that the next time is cheap."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
