"""The small windows of the chat: a new title, a question, a choice of servers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from termai.text import one_line
from termai.tui.widgets.chat_text import steady

LINE_LIMIT = 200

_CSS = """
{name} {{
    align: center middle;
    & > Vertical {{
        width: 56; max-width: 90%; height: auto; max-height: 80%;
        border: round $border; background: $surface; padding: 0 1;
        & > Static {{ height: auto; }}
        & > Input {{ border: none; padding: 0; height: 1; margin: 1 0; }}
        & > OptionList {{ border: none; padding: 0; max-height: 12; margin-top: 1; }}
    }}
}}
"""


class AskLine(ModalScreen[str | None]):
    """Ask for one line of text, such as a title; the result is None when it is left."""

    DEFAULT_CSS = _CSS.format(name="AskLine")
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


class Confirm(ModalScreen[bool]):
    """Ask one question that Enter or y answers with yes."""

    DEFAULT_CSS = _CSS.format(name="Confirm")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "Yes", id="dialog.yes", tooltip="Do it"),
        Binding("escape,n", "dismiss(False)", "No", id="dialog.no", tooltip="Change nothing"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical():
            yield Static(Content(steady(self._question)))
        yield Footer(compact=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """A line to choose from."""

    id: str
    text: str


class Picker(ModalScreen[str | None]):
    """Choose one of a few lines; the result is the id of the choice."""

    DEFAULT_CSS = _CSS.format(name="Picker")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="dialog.cancel", tooltip="Change nothing")
    ]

    def __init__(self, question: str, choices: Sequence[Choice], current: str = "") -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)
        self._current = current

    def compose(self) -> ComposeResult:
        """Show the choices with the current one highlighted."""
        with Vertical():
            yield Static(self._question, markup=False)
            options = [Option(Content(one_line(steady(c.text))), id=c.id) for c in self._choices]
            yield OptionList(*options, markup=False, compact=True)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Highlight the current choice."""
        ids = [choice.id for choice in self._choices]
        rows = self.query_one(OptionList)
        rows.highlighted = ids.index(self._current) if self._current in ids else 0
        rows.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take the choice."""
        self.dismiss(event.option_id)
