"""The model card of a repository, to read in the terminal."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Markdown

from termai.text import one_line, printable

MOST_CHARACTERS = 100_000


class CardScreen(ModalScreen[None]):
    """Shows a model card; links are shown and never opened."""

    DEFAULT_CSS = """
    CardScreen { align: center middle; }
    CardScreen > Vertical {
        width: 100%; max-width: 100; height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    CardScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    CardScreen Markdown { padding: 0; margin: 0; background: $surface; }
    CardScreen Label { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,m", "dismiss", "Close", id="card.close", tooltip="Back to the list."),
        Binding("j", "scroll(1)", "Down", id="card.down", show=False, tooltip="One line down."),
        Binding("k", "scroll(-1)", "Up", id="card.up", show=False, tooltip="One line up."),
    ]

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self._repo = one_line(name)
        self._card = printable(text[:MOST_CHARACTERS])
        self._cut = len(text) > MOST_CHARACTERS

    def compose(self) -> ComposeResult:
        """Yield the text and its keys."""
        with Vertical() as box:
            box.border_title = Content(self._repo)
            with VerticalScroll():
                yield Markdown(self._card or "The repository has no card.", open_links=False)
            end = "   The rest of a long card was left out" if self._cut else ""
            yield Label(Content(f"Arrows, PgUp, PgDn move   Escape closes{end}"))

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, lines: int) -> None:
        """Move by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
