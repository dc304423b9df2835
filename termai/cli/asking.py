"""One question and its answer, written as it comes."""

import asyncio
import re
import sys
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from termai.chat.client import ChatClient
from termai.chat.deltas import Delta, Finished
from termai.chat.endpoint import Endpoint
from termai.chat.sampling import Sampling
from termai.chat.thinking import Piece, ThinkSplitter
from termai.cli.style import colourful, out_json, warn
from termai.text import printable

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"
_LONGEST_SEQUENCE = 64  # characters of an escape sequence that are waited for
_UNFINISHED = re.compile(
    r"(?:\r|\x1b|\x1b\[[0-?]*[ -/]*|\x9b[0-?]*[ -/]*|\x1b[\]PX^_][^\x07\x1b\x9c]*)\Z"
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how; ``thinking`` None leaves reasoning to the model."""

    prompt: str
    system: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    thinking: bool | None = None

    def messages(self) -> list[dict[str, str]]:
        """Return the messages of the request."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.prompt}]


def ask(endpoint: Endpoint, question: Question, *, as_json: bool) -> int:
    """Ask, print the answer and return the exit code.

    Raises the errors of ``chat.failures``; what came before one is printed.
    """
    answer = _Gathered() if as_json else _Written()
    try:
        asyncio.run(_stream(endpoint, question, answer))
    finally:
        answer.close()
    if as_json:
        out_json(answer.as_json(endpoint))
    return 0


async def _stream(endpoint: Endpoint, question: Question, answer: "_Gathered") -> None:
    splitter = ThinkSplitter()
    began = time.monotonic()
    async with ChatClient(endpoint) as client:
        deltas = client.stream(question.messages(), question.sampling, thinking=question.thinking)
        async with aclosing(deltas):
            async for delta in deltas:
                if answer.first_after_s is None and (delta.content or delta.reasoning):
                    answer.first_after_s = time.monotonic() - began
                for piece in _told_apart(splitter, delta):
                    answer.take(piece)
                if delta.finished:
                    answer.finish(delta.finished)


def _told_apart(splitter: ThinkSplitter, delta: Delta) -> list[Piece]:
    if delta.reasoning:
        return [*splitter.settle(), Piece(reasoning=delta.reasoning)]
    if delta.content:
        return splitter.feed(delta.content)
    return splitter.settle() if delta.finished else []


class _Gathered:
    """An answer kept until it is whole."""

    def __init__(self) -> None:
        self.content = ""
        self.reasoning = ""
        self.finished: Finished | None = None
        self.first_after_s: float | None = None

    def take(self, piece: Piece) -> None:
        """Add the next piece."""
        if piece.restarted:
            self.reasoning, self.content = self.reasoning + self.content, ""
        self.reasoning += piece.reasoning
        self.content += piece.content

    def finish(self, finished: Finished) -> None:
        """Keep how it ended."""
        self.finished = finished

    def close(self) -> None:
        """Let go of what was to come, also when it broke off."""

    def as_json(self, endpoint: Endpoint) -> dict[str, Any]:
        """Return the whole answer as JSON values."""
        usage = self.finished.usage if self.finished else None
        return {
            "content": self.content,
            "reasoning": self.reasoning.strip(),
            "finish_reason": self.finished.finish_reason if self.finished else None,
            "server": endpoint.name,
            "model": self.finished.model if self.finished else "",
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
            "time_to_first_token_s": self.first_after_s,
            "tokens_per_second": usage.tokens_per_second if usage else None,
        }


class _Written(_Gathered):
    """An answer written as it comes: its text to standard output, reasoning to a terminal.

    Reasoning goes dimmed to standard error, where that is a terminal, and nowhere else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._content, self._thoughts = SafeText(), SafeText()
        self._at_line_start = True
        self._thinking = False

    def take(self, piece: Piece) -> None:
        if piece.reasoning and sys.stderr.isatty():
            self._think(self._thoughts.feed(piece.reasoning))
        if piece.content:
            self._end_thinking()
            self._write(self._content.feed(piece.content))

    def finish(self, finished: Finished) -> None:
        super().finish(finished)
        if finished.finish_reason == "length":
            self.close()
            warn("(The answer was cut: max_tokens or the context is used up.)")

    def close(self) -> None:
        self._end_thinking()
        self._write(self._content.flush())
        if not self._at_line_start:
            self._write("\n")

    def _think(self, text: str) -> None:
        before = _DIM if colourful(sys.stderr) else ""
        self._thinking = True
        sys.stderr.write(f"{before}{text}{_PLAIN if before else ''}")
        sys.stderr.flush()

    def _end_thinking(self) -> None:
        if self._thinking:
            self._think(f"{self._thoughts.flush()}\n\n")
            self._thinking = False

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._at_line_start = text.endswith("\n")


class SafeText:
    """Makes a stream of text printable, holding back an escape sequence that is unfinished."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Return the printable part of what came so far and was not yet returned."""
        text = self._held + text
        unfinished = _UNFINISHED.search(text, max(0, len(text) - _LONGEST_SEQUENCE))
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return printable(text[:cut])

    def flush(self) -> str:
        """Return what was held back, printable."""
        held, self._held = self._held, ""
        return printable(held)
