"""Toasts that hide little and go soon, and all that they said, to be read in peace."""

from __future__ import annotations

from collections import deque
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.content import Content

from termai.text import one_line, printable

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

LINES = 3  # of a toast
WIDTH = 60  # cells of a toast at most
SECONDS = 6.0  # that a toast stays at most
TOGETHER = 2  # toasts at a time
REMEMBERED = 50
LIMIT = 4000  # characters of one message
_BESIDE = 4  # cells of a toast's border and padding, and one to spare
_RACK = 2  # cells beside all toasts
_MORE = "… F10 shows all."
_TOLD = "Read all that messages said, newest first."


def shortened(text: str, columns: int) -> str:
    """Return a text as it fits a toast in a terminal of ``columns`` cells; what is cut is said."""
    cells = max(len(_MORE) + 1, min(WIDTH, columns - _RACK) - _BESIDE)
    lines = wrap(text, cells)
    if len(lines) <= LINES:
        return text
    last = lines[LINES - 1][: cells - len(_MORE)].rstrip(" .,:;")
    return " ".join([*lines[: LINES - 1], f"{last}{_MORE}"])


class ToastApp(App[int]):
    """A program whose toasts are short, and whose messages can be read again.

    told: the last messages whole, oldest first; control characters are not in them.
    """

    CSS = f"""
    Toast {{ width: {WIDTH}; max-width: 100%; max-height: {LINES}; padding: 0 1; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "f10,alt+0",
            "messages",
            "Messages",
            id="messages",
            show=False,
            priority=True,
            tooltip=_TOLD,
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.told: deque[str] = deque(maxlen=REMEMBERED)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a message for at most 6 seconds in at most three lines, and remember all of it.

        It is never read as markup. Two toasts stand together at most; the newest stay.
        """
        text = printable(f"{title} {message}".strip())[:LIMIT]
        self.told.append(text)
        for old in list(self._notifications)[: 1 - TOGETHER]:
            self._unnotify(old, refresh=False)
        usual = self.NOTIFICATION_TIMEOUT if severity == "information" else SECONDS
        seconds = min(timeout or usual, SECONDS)
        shown = shortened(one_line(text), self.size.width)
        super().notify(shown, severity=severity, timeout=seconds, markup=False)

    def action_messages(self) -> None:
        """Show what all messages said in place of the toasts, or go back from there."""
        from termai.tui.screens.told import ToldScreen

        if isinstance(self.screen, ToldScreen):
            self.screen.dismiss()
            return
        if isinstance(self.screen, CommandPalette):
            self.pop_screen()
        self.clear_notifications()
        self.push_screen(ToldScreen([Content(text) for text in reversed(self.told)]))
