"""Text that arrives in pieces, made printable without waiting for its end."""

import re

from termai.text import printable

_LONGEST_SEQUENCE = 64  # characters of an escape sequence that are waited for
_UNFINISHED = re.compile(
    r"(?:\r|\x1b|\x1b\[[0-?]*[ -/]*|\x9b[0-?]*[ -/]*|\x1b[\]PX^_][^\x07\x1b\x9c]*)\Z"
)


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
