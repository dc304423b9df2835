"""Reasoning that the server left in the text between ``<think>`` and ``</think>``."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


@dataclass(frozen=True, slots=True)
class Piece:
    """The next text of an answer, told apart.

    ``restarted`` says that everything before was reasoning too: the answer so far moves there,
    before this piece.
    """

    content: str = ""
    reasoning: str = ""
    restarted: bool = False


class _State(Enum):
    BEGINNING = auto()  # only whitespace and perhaps a part of <think> so far
    THINKING = auto()
    AFTER = auto()  # between </think> and the first text of the answer
    ANSWERING = auto()  # no tag yet: a lone </think> may still come
    SETTLED = auto()  # what comes now is the answer, tags and all


class ThinkSplitter:
    """Tells reasoning from answer while both stream in, split anywhere.

    A ``<think>`` counts only at the very beginning, and the first ``</think>`` ends it, as in
    llama.cpp; later tags are text that somebody writes about. A ``</think>`` that ends a line
    without a beginning belongs to a template that put ``<think>`` into the prompt, unless it is
    quoted as code. Whitespace around reasoning and before an answer after it is left out.
    """

    def __init__(self) -> None:
        self._state = _State.BEGINNING
        self._held = ""
        self._thought = False
        self._code = _CodeWatch()

    @property
    def thinking(self) -> bool:
        """Whether the reasoning has begun and not ended."""
        return self._state is _State.THINKING

    def feed(self, text: str) -> list[Piece]:
        """Return the pieces that ``text`` completes; the end of it may be held back."""
        if self._state is _State.SETTLED:
            return [Piece(content=text)] if text else []
        self._held += text
        pieces: list[Piece] = []
        while True:
            state = self._state
            pieces += self._step()
            if self._state is state:
                return pieces

    def finish(self) -> list[Piece]:
        """Return what was held back, at the end of the answer."""
        return self.settle()

    def settle(self) -> list[Piece]:
        """Return what was held back, and take all that follows as the answer.

        For a server that tells reasoning apart itself.
        """
        state, held = self._state, self._held
        self._state, self._held = _State.SETTLED, ""
        if state is _State.ANSWERING and held.startswith(_CLOSE) and not self._code.quoted:
            return [Piece(restarted=True)]
        if state is _State.AFTER or not held.strip():
            return []
        if state is _State.THINKING:
            return [Piece(reasoning=held.rstrip())]
        return [Piece(content=held)]

    def _step(self) -> list[Piece]:
        """Move on as far as the text allows within one state, or into the next."""
        if self._state is _State.BEGINNING:
            return self._begin()
        if self._state is _State.THINKING:
            return self._think()
        if self._state is _State.ANSWERING:
            return self._answer()
        return self._settle_after()

    def _begin(self) -> list[Piece]:
        start = self._held.lstrip()
        if start.startswith(_OPEN):
            self._state, self._held = _State.THINKING, start[len(_OPEN) :]
        elif not _OPEN.startswith(start):
            self._state = _State.ANSWERING
        return []

    def _think(self) -> list[Piece]:
        if not self._thought:
            self._held = self._held.lstrip()
        end = self._held.find(_CLOSE)
        if end >= 0:
            text, self._held = self._held[:end].rstrip(), self._held[end + len(_CLOSE) :]
            self._state = _State.AFTER
        else:
            text = self._held[: len(self._held) - _partial(self._held)].rstrip()
            self._held = self._held[len(text) :]
        self._thought = self._thought or bool(text)
        return [Piece(reasoning=text)] if text else []

    def _settle_after(self) -> list[Piece]:
        text, self._held = self._held.lstrip(), ""
        if text and self._state is _State.AFTER:
            self._state = _State.SETTLED
        return [Piece(content=text)] if text else []

    def _answer(self) -> list[Piece]:
        said = ""
        while (end := self._held.find(_CLOSE)) >= 0:
            before, after = self._held[:end], self._held[end + len(_CLOSE) :]
            line_end = after.lstrip(" \t")
            self._code.read(before)
            if not line_end:
                self._held = self._held[end:]
                return _content(said + before)
            if line_end[0] == "\n" and not self._code.quoted:
                self._state, self._held = _State.AFTER, after
                return [Piece(reasoning=said + before, restarted=True)]
            self._code.read(_CLOSE)
            said, self._held = said + before + _CLOSE, after
        text = self._held[: len(self._held) - _partial(self._held)]
        self._code.read(text)
        self._held = self._held[len(text) :]
        return _content(said + text)


class _CodeWatch:
    """Follows Markdown far enough to know whether the end of the text is in code."""

    def __init__(self) -> None:
        self._fenced = False
        self._head = ""
        self._ticked = False

    @property
    def quoted(self) -> bool:
        """Whether the line at the end of the text is in a fence or has a backtick."""
        return self._fenced or self._ticked

    def read(self, text: str) -> None:
        """Go on to the end of ``text``."""
        first, *others = text.split("\n")
        self._extend(first)
        for line in others:
            self._fenced ^= self._head.startswith("```")
            self._head, self._ticked = "", False
            self._extend(line)

    def _extend(self, part: str) -> None:
        if len(self._head) < len("```"):
            self._head = (self._head + part[:80]).lstrip()
        self._ticked = self._ticked or "`" in part


def _content(text: str) -> list[Piece]:
    return [Piece(content=text)] if text else []


def _partial(text: str) -> int:
    """Return how many characters at the end of ``text`` may be the beginning of </think>."""
    longest = min(len(_CLOSE) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if _CLOSE.startswith(text[-n:])), 0)
