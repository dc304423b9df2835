"""Asking for a line that is checked before it is taken: a directory, a token of the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui.background import Background
from termai.tui.screens.dialogs import BOX

LINE_LIMIT = 4096
SHORT_LINES = 16  # of the terminal, below which the question gives way to the line
_CHECKING = "Checking …"


class AskChecked(ModalScreen[str], Background):
    """Asks for one line; returns what ``take`` made of it, empty when the question is left.

    take: called in a thread with the line; returns what to tell, raises TermaiError with what is
    wrong, which is then shown while the line can be corrected. hidden: whether the line is not
    to be seen. value: what stands in the line at first,
    chosen, so that typing replaces it.
    """

    DEFAULT_CSS = f"""
    AskChecked {{ {BOX} }}
    AskChecked > Vertical {{ width: 90%; max-width: 76; }}
    AskChecked Input {{ border: none; padding: 0; height: 1; margin: 1 0; }}
    AskChecked #problem {{ height: auto; color: $text-error; }}
    AskChecked.-short #text, AskChecked.-short #problem {{ max-height: 3; }}
    AskChecked.-short Input, AskChecked.-short .keys {{ margin: 0; }}
    """
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_LINES, "-tall")]  # noqa: RUF012 - Textual's type
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="ask.back", tooltip="Change nothing."),
    ]

    @dataclass
    class Answered(Message):
        """The line was taken, or what is wrong with it."""

        told: str = ""
        problem: str = ""

    def __init__(
        self,
        title: str,
        text: str,
        take: Callable[[str], str],
        *,
        hidden: bool = False,
        value: str = "",
    ) -> None:
        super().__init__()
        self._title, self._text, self._take, self._hidden = title, text, take, hidden
        self._value = value

    def compose(self) -> ComposeResult:
        """Yield the question, the line, and room for what is wrong with it."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield Static(Content(self._text), id="text")
            yield Input(self._value, password=self._hidden, compact=True, max_length=LINE_LIMIT)
            yield Static(id="problem", markup=False)
            yield Label(Content("Enter takes it   Escape goes back"), classes="keys")

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False  # twice a second a drawing, also over SSH

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Have the line checked."""
        event.stop()
        line = event.value.strip()
        if line:
            self.query_one("#problem", Static).update(Content.styled(_CHECKING, "$muted"))
            self.background(partial(self._checked, line), _same, group="ask", exclusive=True)

    def _checked(self, line: str) -> Answered:
        try:
            return self.Answered(told=self._take(line))
        except TermaiError as error:
            return self.Answered(problem=str(error))

    def on_ask_checked_answered(self, message: Answered) -> None:
        """Close, or say what is wrong."""
        if message.problem:
            self.query_one("#problem", Static).update(one_line(message.problem))
        else:
            self.dismiss(message.told)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss("")


def _same(message: AskChecked.Answered) -> AskChecked.Answered:
    return message
