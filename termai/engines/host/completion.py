"""Text from tokens: pieces joined into characters, cut at stop texts, counted against a limit.

``Llama.create_completion`` spells the whole answer again for every token, drops pieces of more
than 32 bytes and goes silent after bytes that are no UTF-8; this does not.
"""

import codecs
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from termai.engines.host.errors import RequestError

Finish = Literal["stop", "length"]


class Cutter:
    """Passes text on up to the first stop text, holding back what may be the start of one."""

    def __init__(self, stops: Iterable[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Return what is certain to come before any stop text."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = self._held[: min(found)]
            return self.rest()
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        ready = self._held[: len(self._held) - keep]
        self._held = self._held[len(ready) :]
        return ready

    def rest(self) -> str:
        """Return what was held back and is no stop text after all."""
        held, self._held = self._held, ""
        return held

    def _overlap(self, stop: str) -> int:
        """Return how many characters at the end may begin ``stop``."""
        longest = min(len(stop) - 1, len(self._held))
        return next((n for n in range(longest, 0, -1) if self._held.endswith(stop[:n])), 0)


def texts(
    tokens: Iterable[int],
    *,
    piece: Callable[[int], bytes],
    ends: Callable[[int], bool],
    stops: Iterable[str],
    limit: int,
) -> Iterator[tuple[str, Finish | None]]:
    """Yield ``(text, None)`` for what is new, and once ``("", reason)`` at the end.

    ``piece`` spells a token, ``ends`` tells an end-of-generation token; at most ``limit`` tokens
    are read. Bytes that are no UTF-8 become U+FFFD.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    cutter = Cutter(stops)
    finish: Finish = "stop"
    for count, token in enumerate(tokens, 1):
        if ends(token):
            break
        if text := cutter.feed(decoder.decode(piece(token))):
            yield text, None
        if cutter.stopped:
            break
        if count >= limit:
            finish = "length"
            break
    last = "" if cutter.stopped else cutter.feed(decoder.decode(b"", final=True)) + cutter.rest()
    if last:
        yield last, None
    yield "", finish


def check_room(prompt: int, context: int) -> None:
    """Raise RequestError when a prompt of so many tokens leaves no room for an answer."""
    if prompt < context:
        return
    raise RequestError(
        400,
        f"The request has {prompt} tokens and the context holds {context}. Shorten it, or start "
        "the server with a larger ctx_size.",
        "context_length_exceeded",
    )


def chunks(
    pieces: Iterable[tuple[str, Finish | None]], model_name: str
) -> Iterator[dict[str, Any]]:
    """Yield pieces of text as the chunks of OpenAI's completions."""
    shared = {
        "id": f"cmpl-{uuid.uuid4()}",
        "object": "text_completion",
        "created": int(time.time()),
        "model": model_name,
    }
    for text, finish in pieces:
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish}
        yield {**shared, "choices": [choice]}


def joined(parts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return one completion made of all chunks; its ``usage`` is filled in by the caller."""
    every = list(parts)
    text = "".join(part["choices"][0]["text"] for part in every)
    last = every[-1]
    return {**last, "choices": [{**last["choices"][0], "text": text}], "usage": {}}
