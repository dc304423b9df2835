"""The text of a reply while it arrives: what cannot change any more is drawn once."""

import re

from textual.strip import Strip

from termai.tui.widgets.chat_markdown import Renderer
from termai.tui.widgets.chat_tokens import last_block_line, split

OPEN_FENCE_LINES = 40
OPEN_BLOCK_CHARACTERS = 3_000

_UNINDENTED = re.compile(r"\n(?=\S)")


class LiveMarkdown:
    """Draw a growing Markdown text; each update costs the size of its last block, not of all.

    Blocks before the last are drawn once. A last block that grows long is cut: an open code
    block every OPEN_FENCE_LINES lines, anything else at OPEN_BLOCK_CHARACTERS characters. The
    cut may draw a list or a table differently from the finished text, which is drawn whole.
    """

    def __init__(self, renderer: Renderer, width: int) -> None:
        self.renderer = renderer
        self.width = width
        self.strips: list[Strip] = []
        self.stable = 0
        self._start = 0
        self._opener = ""
        self._glued = False
        self._drawn = 0

    def update(self, text: str) -> list[Strip]:
        """Take the whole steady text so far, which only grows, and return all its strips.

        The first ``stable`` strips are the same as after the last update.
        """
        self.stable = self._drawn
        del self.strips[self.stable :]
        self._close_blocks(text)
        while self._cut_long_block(text):
            pass
        tail = self._opener + text[self._start :]
        if tail.strip():
            self._append(self.renderer.markdown(tail, self.width, passing=True))
        return self.strips

    def _close_blocks(self, text: str) -> None:
        tail = self._opener + text[self._start :]
        complete = tail[: tail.rfind("\n") + 1]
        line = last_block_line(complete)
        if line:
            head = "\n".join(complete.split("\n")[:line]) + "\n"
            self._commit(head, opener="", glued=False)

    def _cut_long_block(self, text: str) -> bool:
        tail = self._opener + text[self._start :]
        lines = tail.split("\n")
        if len(lines) > OPEN_FENCE_LINES + 2 and split(tail).blocks[-1].open_fence:
            head = "\n".join(lines[: OPEN_FENCE_LINES + 1]) + "\n"
            self._commit(head, opener=lines[0] + "\n", glued=True)
            return True
        if len(tail) > OPEN_BLOCK_CHARACTERS and (end := _cut_at(tail)):
            self._commit(tail[:end], opener="", glued=True)
        return False

    def _commit(self, head: str, *, opener: str, glued: bool) -> None:
        """Draw ``head``, the beginning of the open part, for good."""
        self._append(self.renderer.markdown(head.rstrip("\n"), self.width))
        self._start += len(head) - len(self._opener)
        self._opener = opener
        self._glued = glued
        self._drawn = len(self.strips)

    def _append(self, strips: list[Strip]) -> None:
        if self.strips and strips and not self._glued:
            self.strips.append(Strip.blank(self.width))
        self.strips.extend(strips)


def _cut_at(tail: str) -> int:
    """Return where to cut an open block: before its last unindented line, else at a space."""
    lines = [match.end() for match in _UNINDENTED.finditer(tail)]
    if lines:
        return lines[-1]
    if len(tail) < 2 * OPEN_BLOCK_CHARACTERS:
        return 0
    return tail.rfind(" ") + 1 or len(tail)
