"""What is painted first, while the mode to open is chosen and imported."""

from textual.app import ComposeResult
from textual.screen import Screen

from termai.tui.widgets.mode_bar import ModeBar


class FirstScreen(Screen[None]):
    """The top line alone."""

    def compose(self) -> ComposeResult:
        """Yield the top line."""
        yield ModeBar("")
