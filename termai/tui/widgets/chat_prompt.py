"""The input of the chat: several lines, sent with Enter, with the earlier messages on Up."""

from enum import Enum
from typing import ClassVar, cast

from textual import events
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from termai.text import printable

_NEWLINE = ("ctrl+j", "shift+enter", "alt+enter")
_AS_XTERM_SPELLS = "shift+\r"  # with modifyOtherKeys


class _Taught(Enum):
    ALT_ENTER = "alt+enter"


def teach_alt_enter() -> None:
    """Let Textual tell Alt+Enter from Enter where a terminal puts an Escape before it."""
    known = cast("dict[str, tuple[Enum, ...]]", ANSI_SEQUENCES_KEYS)
    for sequence in ("\x1b\r", "\x1b\n"):
        known.setdefault(sequence, (_Taught.ALT_ENTER,))


teach_alt_enter()


class Prompt(TextArea):
    """A text area that grows to a third of the screen and posts Sent on Enter.

    ``earlier`` holds the messages that Up on an empty input brings back, oldest first.
    """

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        min-height: 1;
        max-height: 33vh;
        border: none;
        border-top: solid $foreground 25%;
        padding: 0 1;
        background: $background;
        scrollbar-size-vertical: 1;
        &:focus { border: none; border-top: solid $border; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="chat.send", show=False, tooltip="Send the message"),
        Binding(
            ",".join(_NEWLINE),
            "newline",
            "Line",
            id="chat.newline",
            show=False,
            tooltip="Begin a new line (Shift+Enter or Alt+Enter where the terminal tells them)",
        ),
        Binding(
            "ctrl+shift+z,alt+z",
            "write_again",
            "Redo",
            id="chat.redo",
            show=False,
            tooltip="Write again what ctrl+z took back",
        ),
    ]

    class Sent(Message):
        """Enter was pressed; ``text`` may be empty."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Paged(Message):
        """Page Up (-1) or Page Down (1): the input has no pages, the conversation has."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            id=id,
            placeholder=placeholder,
            soft_wrap=True,
            tab_behavior="focus",
            highlight_cursor_line=False,
        )
        self.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH
        self.earlier: list[str] = []
        self._recalled: int | None = None

    def set_text(self, text: str) -> None:
        """Replace the text, with the cursor at its end and nothing to undo."""
        self._recalled = None
        self.load_text(text)
        self.move_cursor(self.document.end)

    def action_send(self) -> None:
        """Post what is written."""
        self.post_message(self.Sent(self.text))

    def action_newline(self) -> None:
        """Begin a new line where the cursor is."""
        self.replace("\n", *self.selection, maintain_selection_offset=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ctrl+y, f6 and f7 to the screen, where they mean something else."""
        return action not in {"redo", "select_line", "select_all"}

    def action_write_again(self) -> None:
        """Write again what was undone last."""
        self.redo()

    def action_cursor_up(self, select: bool = False) -> None:
        """Move up, or bring back the message before when nothing has been written."""
        if select or not self._recall(-1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Move down, or go back towards the empty input among the messages brought back."""
        if select or not self._recall(1):
            super().action_cursor_down(select)

    def action_cursor_page_up(self) -> None:
        """Scroll the conversation."""
        self.post_message(self.Paged(-1))

    def action_cursor_page_down(self) -> None:
        """Scroll the conversation."""
        self.post_message(self.Paged(1))

    async def _on_key(self, event: events.Key) -> None:
        """Take these keys in their order: as bindings they would overtake letters before them."""
        newlines = (*_NEWLINE, _AS_XTERM_SPELLS)
        action = {"enter": self.action_send, **dict.fromkeys(newlines, self.action_newline)}
        if event.key in action:
            event.stop()
            event.prevent_default()
            action[event.key]()

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = printable(event.text)  # TextArea's own handler inserts it

    def _recall(self, step: int) -> bool:
        """Show the earlier message ``step`` away; return False when the key means the cursor."""
        shown = None if self._recalled is None else self.earlier[self._recalled]
        if self.text and self.text != shown:
            self._recalled = None
            return False
        at = len(self.earlier) if self._recalled is None else self._recalled
        at += step
        if not 0 <= at <= len(self.earlier) or (step > 0 and self._recalled is None):
            return bool(shown)
        recalled = None if at == len(self.earlier) else at
        self.set_text("" if recalled is None else self.earlier[recalled])
        self._recalled = recalled
        return True
