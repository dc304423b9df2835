"""Where a path is typed or a text of any length is pasted; Enter takes it, Tab completes paths."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from termai.text import printable


class SourceText(TextArea):
    """A text area that grows to a third of the screen; posts Taken on Enter, Completing on Tab.

    What is pasted takes the place of ``done``, the text that was read last.
    """

    DEFAULT_CSS = """
    SourceText, SourceText:focus {
        height: auto; min-height: 1; max-height: 33vh; border: none; padding: 0;
        background: $background; scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Read it", id="import.read", tooltip="Look what is in it."),
        Binding("tab", "complete", "Complete", id="import.complete", tooltip="Complete the path."),
        Binding("ctrl+j", "newline", "Line", id="import.line", show=False, tooltip="A new line."),
    ]

    class Taken(Message):
        """Enter was pressed."""

    class Completing(Message):
        """Tab was pressed."""

    class Left(Message):
        """Down was pressed on the last line."""

    def __init__(self, text: str = "", *, placeholder: str = "") -> None:
        super().__init__(text, placeholder=placeholder, soft_wrap=True, highlight_cursor_line=False)
        self.done = ""
        self.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH

    def set_text(self, text: str) -> None:
        """Replace the text, with the cursor at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_take(self) -> None:
        """Announce that the text is to be read."""
        self.post_message(self.Taken())

    def action_complete(self) -> None:
        """Announce that a path is to be completed."""
        self.post_message(self.Completing())

    def action_leave(self) -> None:
        """Announce that what is below the text is wanted."""
        self.post_message(self.Left())

    def action_newline(self) -> None:
        """Begin a new line where the cursor is."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    async def _on_key(self, event: events.Key) -> None:
        """Take these keys in their order: as bindings they would overtake letters before them."""
        actions = {"enter": self.action_take, "tab": self.action_complete}
        actions["ctrl+j"] = self.action_newline
        if self.cursor_at_last_line:
            actions["down"] = self.action_leave
        if event.key in actions:
            event.stop()
            event.prevent_default()
            actions[event.key]()

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = printable(event.text)  # TextArea's own handler puts it in
        if self.text == self.done:
            self.select_all()
