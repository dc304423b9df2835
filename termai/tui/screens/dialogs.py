"""Questions, and texts to read and copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList, Static

from termai.tui.widgets.row_list import RowList

BOX = """
    align: center middle;
    & > Vertical {
        width: auto; min-width: 40; max-width: 90%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    & .keys { color: $muted; margin-top: 1; }
"""


_AROUND = 4  # lines of a box that are not its text: border, a blank one, keys


class Scrolling:
    """Keeps the keys below a text in sight: what is too long for the terminal scrolls."""

    size: Size

    def on_resize(self) -> None:
        query: Callable[[type[VerticalScroll]], VerticalScroll] = self.query_one  # type: ignore[attr-defined]
        query(VerticalScroll).styles.max_height = max(1, self.size.height * 9 // 10 - _AROUND)


class Confirm(ModalScreen[bool]):
    """Asks whether to do something; True when the answer is yes."""

    DEFAULT_CSS = f"Confirm {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Yes", id="confirm.yes", tooltip="Do it."),
        Binding("n,escape", "answer(False)", "No", id="confirm.no", tooltip="Leave it."),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Yield the question and its keys."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield Static(Content(self._text))
            yield Label(Content("y yes   n no"), classes="keys")

    def action_answer(self, yes: bool) -> None:
        """Return the answer."""
        self.dismiss(yes)


class ConfirmLoss(Scrolling, Confirm):
    """Asks before something is gone for good: Enter means no."""

    DEFAULT_CSS = f"""
    ConfirmLoss {{ {BOX} }}
    ConfirmLoss > Vertical {{ width: 90%; max-width: 76; }}
    ConfirmLoss VerticalScroll {{ height: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer(False)", "No", id="confirm.leave", tooltip="Leave it."),
    ]

    def compose(self) -> ComposeResult:
        """Yield the question and its keys."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            with VerticalScroll():
                yield Static(Content(self._text))
            yield Label(Content("y yes   Enter, n: no"), classes="keys")


class Note(Scrolling, ModalScreen[None]):
    """Shows a text that was copied, so that it can also be read and typed."""

    DEFAULT_CSS = f"""
    Note {{ {BOX} }}
    Note > Vertical {{ width: 90%; max-width: 76; }}
    Note VerticalScroll {{ height: auto; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", id="note.close", tooltip="Go on."),
    ]

    def __init__(self, title: str, text: str, keys: str) -> None:
        super().__init__()
        self._title, self._text, self._keys = title, text, keys

    def compose(self) -> ComposeResult:
        """Yield the text and what was done with it."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            with VerticalScroll():
                yield Static(Content(self._text))
            yield Label(Content(self._keys), classes="keys")


class Choice(NamedTuple):
    """One of the things to pick: what is shown, perhaps by its width, and what is returned."""

    label: Content | Callable[[int], Content]
    value: str

    def draw(self, width: int) -> Content:
        """Return what is shown in ``width`` cells."""
        return self.label if isinstance(self.label, Content) else self.label(width)


class Pick(ModalScreen[str]):
    """Lists choices; returns the value of the picked one, empty when none was."""

    DEFAULT_CSS = f"""
    Pick {{ {BOX} }}
    Pick > Vertical {{ width: 90%; max-width: 76; }}
    Pick RowList, Pick RowList:focus {{ height: auto; max-height: 16; background: $surface; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back", id="pick.back", tooltip="Pick nothing."),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], empty: str, first: str = "") -> None:
        super().__init__()
        self._title, self._choices, self._empty, self._first = title, choices, empty, first

    def compose(self) -> ComposeResult:
        """Yield the list, or a sentence when there is nothing to pick."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            if not self._choices:
                yield Static(Content(self._empty))
            yield RowList()
            yield Label(Content("Enter picks   Escape goes back"), classes="keys")

    def on_mount(self) -> None:
        rows = self.query_one(RowList)
        rows.show([(choice.value, choice.draw) for choice in self._choices])
        rows.select(self._first)
        rows.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return what was picked."""
        self.dismiss(str(event.option_id))

    def action_cancel(self) -> None:
        """Return nothing."""
        self.dismiss("")
