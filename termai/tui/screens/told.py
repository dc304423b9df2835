"""What the messages of the program said, whole: a toast shows three lines of it and goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

_NOTHING = "There was no message yet."


class ToldScreen(ModalScreen[None]):
    """Shows messages, the newest first."""

    DEFAULT_CSS = """
    ToldScreen { align: center middle; }
    ToldScreen VerticalScroll {
        width: 90%; max-width: 84; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="told.close"),
    ]

    def __init__(self, messages: Sequence[Content]) -> None:
        super().__init__()
        self._messages = messages or [Content.styled(_NOTHING, "$muted")]

    def compose(self) -> ComposeResult:
        """Yield the messages, a line apart."""
        with VerticalScroll() as scroll:
            scroll.border_title = "Messages, newest first"
            scroll.border_subtitle = "Escape closes"
            yield Static(Content("\n\n").join(self._messages))
