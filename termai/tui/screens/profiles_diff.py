"""What differs between two profiles, or two versions of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Label

from termai.text import one_line
from termai.tui import diff_rows
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from termai.profiles.diff import Difference

_TEXT = "The files line by line, or the options that differ."
_COPY = "Copy the difference line by line."
_RESTORE = "Make this version the profile again."


class DiffScreen(ModalScreen[bool]):
    """Shows differences by option and, where ``text`` is a unified diff, line by line.

    names: what the two sides are called. restores: whether r is offered, which closes it with
    True: what is compared is to be restored.
    """

    DEFAULT_CSS = """
    DiffScreen { align: center middle; }
    DiffScreen > Vertical {
        width: 100%; max-width: 120; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    DiffScreen TextPane { height: 1fr; background: $surface; }
    DiffScreen Label { color: $muted; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v", "close", "Close", id="diff.close", tooltip="Back."),
        Binding("r", "restore", "Restore", id="diff.restore", tooltip=_RESTORE),
        Binding("t", "text", "Lines/options", id="diff.text", tooltip=_TEXT),
        Binding("y", "copy", "Copy", id="diff.copy", tooltip=_COPY),
    ]

    pane = query_one(TextPane)

    def __init__(
        self,
        title: str,
        differences: Sequence[Difference] = (),
        text: str = "",
        names: tuple[str, str] = ("before", "after"),
        *,
        restores: bool = False,
    ) -> None:
        super().__init__()
        self._restores = restores
        self._title, self._names = title, names
        self._differences, self._text = tuple(differences), text
        self._by_line = bool(text) and not differences

    def compose(self) -> ComposeResult:
        """Yield the differences and the keys."""
        with Vertical() as box:
            box.border_title = Content(one_line(self._title))
            yield TextPane()
            yield Label(Content(self._keys()))

    def on_mount(self) -> None:
        self._show()
        self.pane.focus()

    def _keys(self) -> str:
        both = "t lines   " if self._text and self._differences else ""
        copy = "y copy   " if self._text else ""
        restore = "r restores   " if self._restores else ""
        return f"{both}{copy}{restore}Escape closes"

    def _show(self) -> None:
        if self._by_line:
            self.pane.show(lambda width, height: diff_rows.by_line(self._text), top=True)
        else:
            self.pane.show(self._by_option, top=True)

    def _by_option(self, width: int, height: int) -> Content:
        return diff_rows.by_option(self._differences, width, self._names)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what there is something for."""
        if action == "text":
            return bool(self._text and self._differences)
        if action == "copy":
            return bool(self._text)
        if action == "restore":
            return self._restores
        return True

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(False)

    def action_restore(self) -> None:
        """Go back and restore."""
        self.dismiss(True)

    def action_text(self) -> None:
        """Change between lines and options."""
        self._by_line = not self._by_line
        self._show()

    def action_copy(self) -> None:
        """Copy the unified diff."""
        self.app.copy_to_clipboard(self._text)
        self.notify("Copied the difference.")
