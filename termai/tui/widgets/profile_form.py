"""The form of a profile: its fields, changed by single keys or on a line over their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Key
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input

from termai.errors import UsageError
from termai.profiles.values import RefusedValueError
from termai.tui import profile_fields
from termai.tui.profile_fields import Field, Way
from termai.tui.profile_steps import stepped
from termai.tui.widgets.profile_list import FieldList
from termai.tui.widgets.profile_listing import FieldListing
from termai.tui.widgets.profile_typing import EditLine

if TYPE_CHECKING:
    from termai.profiles.profile import Profile

_MOVES = {"enter": 0, "down": 1, "tab": 1, "up": -1, "shift+tab": -1}
_NOT_TYPING = frozenset({"edit", "type", "step", "unset", "find", "everything"})
_SPACE = "Turn a switch over, take the next choice."
_TYPE = "Type the value, also where it could be picked."
_UNSET = "Leave it to the default."


class FieldForm(FieldListing):
    """Lists the fields of a draft and lets them be changed.

    A change is in ``draft`` at once and told by ``Taken``; what is typed is told by ``Tried`` with
    every key. Keys are taken in the order in which they came, however fast: on a slow link many
    come at a time, and those after an Enter belong to what it led to.
    """

    DEFAULT_CSS = """
    FieldForm { layers: fields edit; }
    FieldForm #words, FieldForm FieldList { layer: fields; }
    FieldForm #edit {
        layer: edit; display: none; height: 1; border: none; padding: 0;
        background: $surface; color: $foreground;
    }
    FieldForm.-editing #edit { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "step(1)", "Next", id="form.toggle", show=False, tooltip=_SPACE),
        Binding("backspace,delete", "unset", "Unset", id="form.unset", show=False, tooltip=_UNSET),
        Binding("t", "type", "Type", id="form.type", show=False, tooltip=_TYPE),
    ]

    line = query_one("#edit", EditLine)

    @dataclass
    class Tried(Message):
        """What is typed means this profile; it is not to stay yet."""

        profile: Profile

    class Taken(Message):
        """The draft was changed."""

    class Left(Message):
        """What was typed is not to stay."""

    @dataclass
    class Wrong(Message):
        """What is typed is no value of the field; empty when it is one again."""

        why: str

    @dataclass
    class Wanted(Message):
        """A field is to be edited that needs more than a line."""

        field: Field

    def compose(self) -> ComposeResult:
        """Yield the words to find, the fields, and the line that lies over one of them."""
        yield from super().compose()
        yield EditLine(self._line_key, id="edit")

    @property
    def editing(self) -> bool:
        """Whether a value is being typed."""
        return self.has_class("-editing")

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self.line if self.editing else self.fields)

    def on_field_list_picked(self, event: FieldList.Picked) -> None:
        """Edit the field."""
        event.stop()
        self.action_edit()

    def on_field_list_moved(self, event: FieldList.Moved) -> None:
        """Keep the line over the row."""
        event.stop()
        self._place_line()

    # Keys, in the order in which they came.

    def _list_key(self, event: Key) -> bool:
        """Take a key that reached the list: one that begins to type, or was typed after it."""
        if self.editing:
            return self.pass_on(event, self.line)
        if super()._list_key(event):
            return True
        if event.key == "enter":
            self.action_edit()
        elif event.key == "t":
            self.action_type()
        else:
            digit = event.character or ""
            return digit.isdecimal() and self._type_digit(digit)
        return True

    def _line_key(self, event: Key) -> bool:
        """Take a key that reached the line: one that ends typing, or was typed after it."""
        if not self.editing:
            return self.pass_on(event, self.fields)
        if event.key == "escape":
            self._end()
            self.post_message(self.Left())
        elif event.key in _MOVES:
            self._finish(_MOVES[event.key])
        else:
            return False
        return True

    def _type_digit(self, digit: str) -> bool:
        """Begin to type a number with its first digit; return whether the field has one."""
        field = self.chosen
        if field is None or field.way is not Way.LINE or field.option is None:
            return False
        self._begin(field, digit)
        return True

    def action_edit(self) -> None:
        """Type a value, or ask for what needs more than a line."""
        field = self.chosen
        if field is None:
            return
        if field.way is Way.SWITCH:
            self.action_step(1)
        elif field.way is Way.LINE:
            self._begin(field, profile_fields.text_of(self.draft.profile, field.identity))
        else:
            self.post_message(self.Wanted(field))

    def action_type(self) -> None:
        """Type a value, also where it could be picked."""
        field = self.chosen
        if field is not None:
            self._begin(field, profile_fields.text_of(self.draft.profile, field.identity))

    def _begin(self, field: Field, text: str) -> None:
        if "\n" in text:
            self.post_message(self.Wanted(field))
            return
        with self.prevent(Input.Changed):
            self.line.value = text
        self.add_class("-editing")
        self._place_line()
        self.screen.set_focus(self.line)
        self.line.cursor_position = len(text)
        if text and text == profile_fields.text_of(self.draft.profile, field.identity):
            self.line.action_select_all()
        elif text:
            self._try()

    def _place_line(self) -> None:
        place = self.fields.place_of_value()
        if not self.editing or place is None:
            return
        offset, width = place
        self.line.styles.offset = offset + (self.fields.region.offset - self.region.offset)
        self.line.styles.width = width

    @on(Input.Changed, "#edit")
    def on_line_changed(self, event: Input.Changed) -> None:
        """Tell what is typed."""
        event.stop()
        if self.editing:
            self._try()

    def _try(self) -> Profile | None:
        """Tell what the line means, and return it; None where it is no value."""
        field = self.chosen
        if field is None:
            return None
        try:
            typed = profile_fields.with_text(self.draft.profile, field.identity, self.line.value)
        except UsageError as error:
            expected = error.expected if isinstance(error, RefusedValueError) else str(error)
            self.post_message(self.Wrong(expected))
            return None
        self.post_message(self.Wrong(""))
        self.post_message(self.Tried(typed))
        return typed

    def _finish(self, rows: int) -> None:
        """Take what is typed and move on by rows; what is no value stays on the line."""
        typed = self._try()
        if typed is not None:
            self._end()
            self._take(typed)
            self.fields.action_move(rows)

    def finish(self) -> bool:
        """End typing and take what is typed; return whether it was a value."""
        typed = self._try()
        self._end()
        if typed is None:
            self.post_message(self.Left())
        else:
            self._take(typed)
        return typed is not None

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Take what was typed when the list is clicked on."""
        if self.editing and event.widget is self.fields and self.screen.focused is self.fields:
            self.finish()

    def _end(self) -> None:
        self.remove_class("-editing")
        self.post_message(self.Wrong(""))
        self.screen.set_focus(self.fields)

    def _take(self, profile: Profile) -> None:
        self.draft = self.draft.to(profile)
        self._list()
        self.post_message(self.Taken())

    def action_step(self, by: int) -> None:
        """Take the next or the last value of the chosen field."""
        field = self.chosen
        if field is None:
            return
        decided = self._automatic.get(field.identity, "")
        after = stepped(self.draft.profile, field, by, decided)
        if after is not None:
            self._take(after)

    def action_unset(self) -> None:
        """Leave the chosen field to the default."""
        if self.chosen is not None:
            self._take(profile_fields.unset(self.draft.profile, self.chosen.identity))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing but typing while a value is typed."""
        if self.editing and action in _NOT_TYPING:
            return False
        return super().check_action(action, parameters)
