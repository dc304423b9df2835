"""What every mode has: the top line, the keys that work now, help, and blocking calls."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Footer

from termai.tui.background import Background
from termai.tui.widgets.mode_bar import ModeBar


class ModeScreen(Screen[None], Background):
    """A mode of the program: subclasses name ``MODE``, write ``HELP`` and ``compose_body``.

    Blocking calls go through ``self.background(work, then, group=...)``; ``then`` makes the
    message that brings the result, and failures arrive as Failed messages that the program
    shows. ``self.app`` offers ``servers`` and ``machine`` (reactive), ``open_chat(name)`` and
    ``mode`` actions.
    """

    MODE: ClassVar[str] = ""
    HELP = ""
    DEFAULT_CSS = """
    ModeScreen { layout: vertical; }
    """

    def compose(self) -> ComposeResult:
        """Yield the top line, the body and the footer."""
        yield ModeBar(self.MODE)
        yield from self.compose_body()
        yield Footer(compact=True, show_command_palette=False)

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the top line and the footer."""
        yield from ()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now: none until the widgets are there that they depend on."""
        return super().active_bindings if self.is_mounted else {}
