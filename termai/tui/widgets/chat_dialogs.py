"""The small window that asks for a line of text: a title, a file."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from termai.text import one_line

LINE_LIMIT = 200


class AskLine(ModalScreen[str | None]):
    """Ask for one line of text, such as a title; the result is None when it is left."""

    DEFAULT_CSS = """
    AskLine {
        align: center middle;
        & > Vertical {
            width: 70; max-width: 90%; height: auto;
            border: round $primary; background: $surface; padding: 0 1;
            & > Static { height: auto; }
            & > Input { border: none; padding: 0; height: 1; margin: 1 0; }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="Change nothing")
    ]

    def __init__(self, question: str, text: str) -> None:
        super().__init__()
        self._question = question
        self._text = one_line(text, LINE_LIMIT)

    def compose(self) -> ComposeResult:
        """Show one line to edit."""
        with Vertical():
            yield Static(self._question, markup=False)
            yield Input(self._text, compact=True, max_length=LINE_LIMIT)
        yield Footer(compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the line."""
        self.dismiss(one_line(event.value))
