"""What a server says while it answers, and how the OpenAI stream spells it.

Format: ``chat.completion.chunk`` of the OpenAI API, with llama-server's ``reasoning_content``,
``prompt_progress`` and ``timings``, and the ``reasoning`` of vLLM and OpenRouter.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from termai.errors import UnreachableError

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the prompt is read, in tokens: ``cached`` of them needed no work."""

    processed: int
    total: int
    cached: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server counted, in tokens; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of an answer: why it ended (``stop``, ``length``...), and what was counted."""

    finish_reason: str
    usage: Usage
    model: str


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of an answer; exactly one of the fields is set."""

    content: str = ""
    reasoning: str = ""
    progress: Progress | None = None
    finished: Finished | None = None


class _Text(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    delta: _Text | None = None
    message: _Text | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: Any = None
    timings: Any = None
    prompt_progress: Any = None
    error: Any = None


_decoder: Final = msgspec.json.Decoder(_Chunk)


class ChunkReader:
    """Folds the chunks of one answer: yields its pieces and remembers how it ended."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self.model = ""
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}

    def read(self, data: bytes) -> list[Delta]:
        """Return the pieces in one chunk (or one whole completion).

        Raises UnreachableError when the chunk is not what the API says, or reports an error.
        """
        chunk = _decode(data)
        if chunk.error:
            raise UnreachableError(f"The server failed: {error_text(chunk.error)}")
        deltas: list[Delta] = []
        if chunk.prompt_progress:
            deltas += _progress(chunk.prompt_progress)
        if chunk.choices:
            deltas += self._choice(chunk.choices[0])
        if isinstance(chunk.usage, dict):
            self._usage = chunk.usage
        if isinstance(chunk.timings, dict):
            self._timings = chunk.timings
        if chunk.model and not self.model:
            self.model = chunk.model
        return deltas

    def finished(self) -> Finished:
        """Return how the answer ended, from everything read."""
        usage, timings = self._usage, self._timings
        prompt = _whole(usage.get("prompt_tokens"))
        if prompt is None and timings:
            prompt = (_whole(timings.get("prompt_n")) or 0) + (_whole(timings.get("cache_n")) or 0)
        completion = _whole(usage.get("completion_tokens"))
        if completion is None:
            completion = _whole(timings.get("predicted_n"))
        rate = timings.get("predicted_per_second")
        known = isinstance(rate, int | float) and rate > 0 and (completion or 0) > 1
        counted = Usage(prompt, completion, float(rate) if known and rate else None)
        return Finished(self.finish_reason, counted, self.model)

    def _choice(self, choice: _Choice) -> list[Delta]:
        if choice.finish_reason:
            self.finish_reason = choice.finish_reason
        text = choice.delta or choice.message
        if text is None:
            return []
        deltas: list[Delta] = []
        if reasoning := text.reasoning_content or text.reasoning:
            deltas.append(Delta(reasoning=reasoning))
        if text.content:
            deltas.append(Delta(content=text.content))
        return deltas


def error_text(error: Any) -> str:
    """Return the sentence in an error as servers spell it: text, ``message``, or ``detail``."""
    if isinstance(error, dict):
        for key in ("message", "detail", "error"):
            if error.get(key):
                return error_text(error[key])
    return error if isinstance(error, str) else json.dumps(error)


def _decode(data: bytes) -> _Chunk:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_mended(data)


def _decode_mended(data: bytes) -> _Chunk:
    """Decode once more with bytes that are not UTF-8 and lone surrogates as U+FFFD."""
    try:
        plain = json.dumps(json.loads(data.decode("utf-8", "replace")), ensure_ascii=False)
        return _decoder.decode(_SURROGATE.sub("\ufffd", plain).encode())
    except (ValueError, RecursionError) as error:
        start = data[:60].decode("utf-8", "replace")
        raise UnreachableError(
            f"The server sent something that is no chat stream: “{start}”.",
            fix="Check the address of the server, and its log.",
        ) from error


def _progress(progress: Any) -> list[Delta]:
    if not isinstance(progress, dict):
        return []
    processed, total, cached, elapsed_ms = (
        _whole(progress.get(key)) or 0 for key in ("processed", "total", "cache", "time_ms")
    )
    return [Delta(progress=Progress(processed, total, cached, elapsed_ms / 1000))]


def _whole(value: Any) -> int | None:
    """Return a count; anything else that a server may put there says nothing."""
    return value if type(value) is int and value >= 0 else None
