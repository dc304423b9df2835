"""One line on standard error that is drawn over itself, on a terminal only."""

import os
import sys
from types import TracebackType
from typing import Self

_CLEAR = "\r\x1b[K"


class DrawnLine:
    """Draws while its block runs and leaves nothing behind; does nothing on a dumb terminal."""

    def __init__(self) -> None:
        self._drawing = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._drawn = False

    def draw(self, text: str) -> None:
        """Show ``text``, which fits on the line, in place of what was there."""
        if self._drawing:
            self._drawn = True
            self._write(_CLEAR + text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
