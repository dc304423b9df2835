"""The lines to type in of a profile's form: a value, and words to find options by."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input

LINE_LIMIT = 65_536
_ON, _BACK = "Use it, and go on.", "Use it, and go back."

TakeKey = Callable[[Key], bool]


class TypedLine(Input):
    """A line whose keys are first offered to ``take_key``, in the order in which they came."""

    def __init__(self, take_key: TakeKey, *, id: str, placeholder: str = "") -> None:  # noqa: A002 - Textual's name
        super().__init__(
            id=id,
            placeholder=placeholder,
            compact=True,
            max_length=LINE_LIMIT,
            select_on_focus=False,
        )
        self._take_key = take_key

    async def on_key(self, event: Key) -> None:
        """Let the form have the keys that end typing, and those that came after one of them.

        Keys that edit the line do so here: as bindings they would come after the letters that
        were typed behind them in the same burst.
        """
        taken = self._take_key(event)
        action = "" if taken or event.is_printable else self._edits.get(event.key, "")
        if action:
            await self.run_action(action)
        if taken or action:
            event.stop()
            event.prevent_default()

    @property
    def _edits(self) -> dict[str, str]:
        """The actions of a mere line of input, by key."""
        bound = Input._merged_bindings.key_to_bindings if Input._merged_bindings else {}
        return {key: bindings[0].action for key, bindings in bound.items() if key != "enter"}


class EditLine(TypedLine):
    """The line in which a value is typed, over the row of its field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "finish('enter')", "Take it", id="edit.take", tooltip="Use what is typed."
        ),
        Binding("escape", "finish('escape')", "Leave it", id="edit.leave", tooltip="As it was."),
        Binding("down,tab", "finish('down')", "Next", id="edit.next", show=False, tooltip=_ON),
        Binding("up,shift+tab", "finish('up')", "Back", id="edit.up", show=False, tooltip=_BACK),
    ]

    def action_finish(self, key: str) -> None:
        """Do what a key does that ends typing, from the palette or by a key of the user's own."""
        self._take_key(Key(key, None))


class WordsLine(TypedLine):
    """The line in which words to find are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,down", "finish('enter')", "To the option", id="words.take", tooltip="Go on."
        ),
        Binding("escape", "finish('escape')", "All", id="words.leave", tooltip="Show all again."),
    ]

    def action_finish(self, key: str) -> None:
        """Do what a key does that ends typing, from the palette or by a key of the user's own."""
        self._take_key(Key(key, None))
