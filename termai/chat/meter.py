"""Measuring one answer from what arrives and when."""

from dataclasses import dataclass

from termai.chat.deltas import Usage
from termai.chat.messages import ReplyStats

_SHORTEST_S = 0.1  # over less than this, a rate is only how the pieces were bundled


@dataclass(slots=True)
class Meter:
    """Counts the pieces of one answer; times are seconds of one clock.

    asked: when the question was sent. prompt_tokens: as reported while the prompt was read.
    """

    asked: float = 0.0
    prompt_tokens: int | None = None
    _first: float = 0.0
    _last: float = 0.0
    _pieces: int = 0
    _reasoning_pieces: int = 0
    _reasoned_from: float = 0.0
    _reasoned_until: float = 0.0

    def count(self, now: float, *, reasoning: bool) -> None:
        """Count a piece of text that arrived at ``now``."""
        self._last = now
        if not self._pieces:
            self._first = now
        self._pieces += 1
        if reasoning:
            self._reason(now)
        elif self._reasoning_pieces and self._reasoned_until == 0.0:
            self._reasoned_until = now

    def restart(self) -> None:
        """Take all that came so far for reasoning."""
        self._reasoning_pieces = self._pieces
        self._reasoned_from, self._reasoned_until = self._first, self._last

    def stats(self, usage: Usage | None, ctx_size: int | None) -> ReplyStats:
        """Return the measurements so far: the server's where it gives them, else those made here.

        Until the server has counted, each piece of text is taken for one token.
        """
        usage = usage or Usage()
        prompt = usage.prompt_tokens if usage.prompt_tokens is not None else self.prompt_tokens
        completion = usage.completion_tokens
        completion = completion if completion is not None else self._pieces or None
        thought = self._reasoning_pieces
        until = self._reasoned_until or self._last
        return ReplyStats(
            prompt_tokens=prompt,
            completion_tokens=completion,
            time_to_first_token_s=self._first - self.asked if self._pieces else None,
            tokens_per_second=usage.tokens_per_second or self._rate(completion),
            context_used=None if prompt is None else prompt + (completion or 0),
            ctx_size=ctx_size,
            reasoning_tokens=thought or None,
            reasoning_s=until - self._reasoned_from if thought else None,
        )

    def _reason(self, now: float) -> None:
        if not self._reasoning_pieces:
            self._reasoned_from = now
        self._reasoning_pieces += 1
        self._reasoned_until = 0.0

    def _rate(self, completion: int | None) -> float | None:
        elapsed = self._last - self._first
        if completion is None or completion < 2 or elapsed < _SHORTEST_S:
            return None
        return (completion - 1) / elapsed
