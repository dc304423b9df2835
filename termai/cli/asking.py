"""One question and its answer, written as it comes."""

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Any

from termai.chat import oneshot
from termai.chat.endpoint import Endpoint
from termai.chat.generation import Update
from termai.chat.oneshot import Answer
from termai.chat.sampling import Sampling
from termai.cli.safetext import SafeText
from termai.cli.style import colourful, out_json, warn

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and how; ``thinking`` None leaves reasoning to the model."""

    prompt: str
    system: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    thinking: bool | None = None


def ask(endpoint: Endpoint, question: Question, *, as_json: bool) -> int:
    """Ask, print the answer and return the exit code.

    Raises the errors of ``chat.failures``; what came before one is printed.
    """
    writer = None if as_json else _Writer()
    try:
        answer = asyncio.run(
            oneshot.answer(
                endpoint,
                question.prompt,
                system=question.system,
                sampling=question.sampling,
                thinking=question.thinking,
                on_delta=writer.take if writer else None,
            )
        )
    finally:
        if writer:
            writer.close()
    if as_json:
        out_json(_as_json(answer, endpoint))
    elif answer.finish_reason == "length":
        warn("(The answer was cut: max_tokens or the context is used up.)")
    return 0


def _as_json(answer: Answer, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "content": answer.content,
        "reasoning": answer.reasoning,
        "finish_reason": answer.finish_reason,
        "server": endpoint.name,
        "model": answer.model,
        "prompt_tokens": answer.stats.prompt_tokens,
        "completion_tokens": answer.stats.completion_tokens,
        "time_to_first_token_s": answer.stats.time_to_first_token_s,
        "tokens_per_second": answer.stats.tokens_per_second,
    }


class _Writer:
    """Writes an answer as it comes: its text to standard output, reasoning to a terminal.

    Reasoning goes dimmed to standard error, where that is a terminal, and nowhere else.
    """

    def __init__(self) -> None:
        self._content, self._thoughts = SafeText(), SafeText()
        self._at_line_start = True
        self._thinking = False

    def take(self, update: Update) -> None:
        """Write the next piece."""
        if update.reasoning and sys.stderr.isatty():
            self._think(self._thoughts.feed(update.reasoning))
        if update.content:
            self._end_thinking()
            self._write(self._content.feed(update.content))

    def close(self) -> None:
        """Write what was held back and end the line, also when the answer broke off."""
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
