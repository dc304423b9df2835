"""What the editor of a profile asks: a text of several lines, whether to leave, how to restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static, TextArea

from termai.text import one_line
from termai.tui.screens.dialogs import BOX

if TYPE_CHECKING:
    from termai.profiles.diff import Difference
    from termai.servers.changes import Changes

_TAKE = "Use what is typed."


class ProseScreen(ModalScreen["str | None"]):
    """Edits a text of any length; returns it, None when it is left as it was."""

    DEFAULT_CSS = """
    ProseScreen { align: center middle; }
    ProseScreen > Vertical {
        width: 100%; max-width: 100; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    ProseScreen TextArea { height: 1fr; border: none; padding: 0; background: $surface; }
    ProseScreen Label { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "Take it", id="prose.take", priority=True, tooltip=_TAKE),
        Binding("escape", "leave", "Leave it", id="prose.leave", tooltip="As it was before."),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """Yield the text and the keys."""
        with Vertical() as box:
            box.border_title = Content(one_line(self._title))
            yield TextArea(self._text, soft_wrap=True, tab_behavior="indent", compact=True)
            yield Label(Content("Ctrl+S takes it   Escape leaves it as it was"))

    def on_mount(self) -> None:
        area = self.query_one(TextArea)
        self.set_focus(area)
        area.move_cursor(area.document.end)

    def action_take(self) -> None:
        """Return the text."""
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)


class LeaveScreen(ModalScreen[str]):
    """Asks what to do with unsaved changes: returns save, discard, or nothing to go on."""

    DEFAULT_CSS = f"LeaveScreen {{ {BOX} }}"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,enter", "answer('save')", "Save", id="leave.save", tooltip="Save, then leave."),
        Binding("d", "answer('discard')", "Discard", id="leave.discard", tooltip="Forget them."),
        Binding("escape,n", "answer('')", "Go on", id="leave.stay", tooltip="Go on editing."),
    ]

    def __init__(self, name: str, *, new: bool) -> None:
        super().__init__()
        self._text = (
            f"{one_line(name, 60)} is not saved."
            if new
            else f"{one_line(name, 60)} has changes that are not saved."
        )

    def compose(self) -> ComposeResult:
        """Yield the question and its keys."""
        with Vertical() as box:
            box.border_title = Content("Leave the editor")
            yield Static(Content(self._text))
            yield Label(Content("s save   d discard   Escape goes on editing"), classes="keys")

    def action_answer(self, answer: str) -> None:
        """Return the answer."""
        self.dismiss(answer)


class RestartScreen(ModalScreen[bool]):
    """Says what a restart would change in a running server, and asks whether to do it."""

    DEFAULT_CSS = f"""
    RestartScreen {{ {BOX} }}
    RestartScreen > Vertical {{ width: 90%; max-width: 84; }}
    RestartScreen VerticalScroll {{ height: auto; max-height: 14; }}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "Restart", id="restart.yes", tooltip="Restart it."),
        Binding("n,escape", "answer(False)", "Not now", id="restart.no", tooltip="Leave it."),
    ]

    def __init__(self, name: str, changes: Changes) -> None:
        super().__init__()
        self._name, self._changes = one_line(name, 60), changes

    def compose(self) -> ComposeResult:
        """Yield what changes with a restart, what without, and the keys."""
        with Vertical() as box:
            box.border_title = Content(f"{self._name} runs")
            with VerticalScroll(can_focus=False):
                yield Static(_told(self._changes))
            keys = "y restart it now   n leave it running as it is"
            yield Label(Content(keys), classes="keys")

    def action_answer(self, yes: bool) -> None:
        """Return the answer."""
        self.dismiss(yes)


def _told(changes: Changes) -> Content:
    if not changes:
        return Content("It runs with these very values already. Restart it all the same?")
    parts = []
    if changes.restart:
        parts.append(_list("A restart is needed for", changes.restart))
    if changes.live:
        parts.append(_list("Used from the next message on, without a restart", changes.live))
    if not changes.restart:
        parts.append(Content("No restart is needed."))
    return Content("\n\n").join(parts)


def _list(title: str, differences: Sequence[Difference]) -> Content:
    lines = [Content.styled(title, "bold")]
    for difference in differences:
        before, after = _value(difference.before), _value(difference.after)
        lines.append(Content(one_line(f"  {difference.key}: {before} → {after}", 76)))
    return Content("\n").join(lines)


def _value(text: str | None) -> str:
    return one_line(text, 40) if text else "unset"
