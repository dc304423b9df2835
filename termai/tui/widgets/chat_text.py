"""Text of a conversation made safe and steady: no escapes, and the same width in every terminal."""

import re

from termai.text import printable

_UNSTEADY = re.compile("[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_UNFINISHED = re.compile(
    r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]{0,4096}|[ -/]*)|\x9b[0-?]*[ -/]*|\r)\Z"
)
_TAB = "    "


def steady(text: str) -> str:
    """Return printable text without what terminals draw with different widths.

    Zero-width joiners, variation selectors and skin tones go, so that an emoji sequence shows as
    its single emoji, each with the width that Unicode gives it; a tab becomes four spaces.
    """
    text = printable(text).replace("\t", _TAB)
    return text if text.isascii() else _UNSTEADY.sub("", text)


class SteadyStream:
    """Make a growing raw text steady without cutting an escape sequence that is still arriving."""

    __slots__ = ("_held", "_seen", "text")

    def __init__(self) -> None:
        self.text = ""
        self._seen = 0
        self._held = ""

    def update(self, raw: str) -> str:
        """Take the whole raw text so far, which only grows, and return its steady form."""
        new = self._held + raw[self._seen :]
        self._seen = len(raw)
        unfinished = _UNFINISHED.search(new[-4200:])
        self._held = unfinished.group() if unfinished else ""
        self.text += steady(new[: len(new) - len(self._held)])
        return self.text
