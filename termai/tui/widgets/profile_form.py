"""The form of a profile: its fields, a filter above them, and a line to type a value in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import DescendantFocus, Key
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from termai.errors import UsageError
from termai.profiles.values import RefusedValueError
from termai.tui import profile_fields, profile_lines
from termai.tui.profile_fields import Field, Shown, Way
from termai.tui.profile_flaws import worst
from termai.tui.profile_steps import stepped
from termai.tui.widgets.profile_list import FieldList
from termai.tui.widgets.profile_typing import EditLine, WordsLine

if TYPE_CHECKING:
    from termai.profiles.profile import Profile
    from termai.tui.profile_draft import Draft
    from termai.tui.profile_flaws import Flaw

_MOVES = {"enter": 0, "down": 1, "tab": 1, "up": -1, "shift+tab": -1}
_NOT_TYPING = frozenset({"edit", "type", "step", "unset", "find", "everything"})
_FILTER = "Find options by words of their names and help."
_ALL = "Show every option, or the usual ones."
_SPACE = "Turn a switch over, take the next choice."
_TYPE = "Type the value, also where it could be picked."
_UNSET = "Leave it to the default."


class FieldForm(Container):
    """Lists the fields of a draft and lets them be changed.

    A change is in ``draft`` at once and told by ``Taken``; what is typed is told by ``Tried`` with
    every key. Keys are taken in the order in which they came, however fast: on a slow link many
    come at a time, and those after an Enter belong to what it led to. everything: whether all
    options are listed.
    """

    DEFAULT_CSS = """
    FieldForm { layers: fields edit; height: 1fr; }
    FieldForm #words { layer: fields; display: none; height: 1; border: none; padding: 0 1; }
    FieldForm.-finding #words { display: block; }
    FieldForm FieldList { layer: fields; }
    FieldForm #edit {
        layer: edit; display: none; height: 1; border: none; padding: 0;
        background: $surface; color: $foreground;
    }
    FieldForm.-editing #edit { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "edit", "Edit", id="form.edit", tooltip="Type or pick a value."),
        Binding("space", "step(1)", "Next", id="form.toggle", show=False, tooltip=_SPACE),
        Binding("backspace,delete", "unset", "Unset", id="form.unset", show=False, tooltip=_UNSET),
        Binding("t", "type", "Type", id="form.type", show=False, tooltip=_TYPE),
        Binding("slash", "find", "Find", id="form.find", tooltip=_FILTER),
        Binding("a", "everything", "All", id="form.all", tooltip=_ALL),
        Binding("escape", "all", "No filter", id="form.clear", tooltip="Show the list again."),
    ]

    fields = query_one(FieldList)
    line = query_one("#edit", EditLine)
    words = query_one("#words", WordsLine)

    everything: reactive[bool] = reactive(False, repaint=False)
    count: reactive[str] = reactive("", repaint=False)

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

    @dataclass
    class Chosen(Message):
        """Another field, or none, is the chosen one now."""

        field: Field | None

    def __init__(self, draft: Draft, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.draft = draft
        self._automatic: Mapping[str, str] = {}
        self._flaws: tuple[Flaw, ...] = ()
        self._listed_for: Draft | None = None  # the draft that the list shows
        self._first = ""  # the field to choose when the list is first there

    def compose(self) -> ComposeResult:
        """Yield the words to find, the fields, and the line that lies over one of them."""
        yield WordsLine(self._words_key, placeholder="words of a name or its help", id="words")
        yield FieldList(self._draw, self._list_key, self.action_step)
        yield EditLine(self._line_key, id="edit")

    def on_mount(self) -> None:
        self._list(choose=self._first)

    @property
    def chosen(self) -> Field | None:
        """The chosen field."""
        return self.fields.chosen

    @property
    def editing(self) -> bool:
        """Whether a value is being typed."""
        return self.has_class("-editing")

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self.line if self.editing else self.fields)

    def choose(self, identity: str) -> None:
        """Choose a field, and list it if it is not; at once or when the list is there."""
        self._first = identity
        if self.is_mounted:
            self.action_all()
            listed = {f.identity for f in self._listed()}
            if identity not in listed:
                self.everything = True
            self._list(choose=identity)

    def show(self, automatic: Mapping[str, str], flaws: Sequence[Flaw] = ()) -> None:
        """Show the draft, what would be decided at a start, and what is wrong."""
        told = (automatic, tuple(flaws)) != (self._automatic, self._flaws)
        self._automatic, self._flaws = automatic, tuple(flaws)
        if self._listed_for is not self.draft:
            self._list()
        elif told:
            self.fields.refresh()

    def shown(self, field: Field) -> Shown:
        """Return what a field's row says."""
        draft = self.draft
        return profile_fields.show(draft.profile, field, draft.saved, self._automatic)

    def _draw(self, field: Field, width: int) -> Content:
        sign = worst(self._flaws, field.identity)
        chosen = field is self.chosen
        return profile_lines.row(field, self.shown(field), width, sign=sign, chosen=chosen)

    def _listed(self) -> tuple[Field, ...]:
        words = self.words.value if self.has_class("-finding") else ""
        return profile_fields.listed(self.draft.profile, words, everything=self.everything)

    def _list(self, choose: str = "") -> None:
        found = self._listed()
        self.count = f"{len(found)} found" if self.words.value.strip() else ""
        self.fields.show(found, choose)
        self._listed_for = self.draft

    def watch_everything(self) -> None:
        if self.is_mounted:
            self._list()

    def on_field_list_chosen(self, event: FieldList.Chosen) -> None:
        """Tell which field is chosen."""
        event.stop()
        self.post_message(self.Chosen(self.chosen))

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
            return self._pass_on(event, self.line)
        if self.screen.focused is self.words:
            return self._pass_on(event, self.words)
        if event.key == "enter":
            self.action_edit()
        elif event.key == "slash":
            self.action_find()
        elif event.key == "t":
            self.action_type()
        else:
            digit = event.character or ""
            return digit.isdecimal() and self._type_digit(digit)
        return True

    def _line_key(self, event: Key) -> bool:
        """Take a key that reached the line: one that ends typing, or was typed after it."""
        if not self.editing:
            return self._pass_on(event, self.fields)
        if event.key == "escape":
            self._end()
            self.post_message(self.Left())
        elif event.key in _MOVES:
            self._finish(_MOVES[event.key])
        else:
            return False
        return True

    def _words_key(self, event: Key) -> bool:
        """Take a key that reached the words: one that ends typing, or was typed after it."""
        if self.screen.focused is not self.words:
            return self._pass_on(event, self.fields)
        if event.key == "escape":
            self.action_all()
        elif event.key in ("enter", "down"):
            self._find()
            self.screen.set_focus(self.fields)
        else:
            return False
        return True

    def _pass_on(self, event: Key, widget: Widget) -> bool:
        widget.post_message(Key(event.key, event.character))
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

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed, or list what has the typed words."""
        event.stop()
        if event.input is self.line and self.editing:
            self._try()
        elif event.input is self.words:
            self._find()

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

    def _find(self) -> None:
        """List what has the typed words, with the field chosen that they most likely mean."""
        self._list(choose=profile_fields.best(self._listed(), self.words.value))

    def action_find(self) -> None:
        """Type words to find options by."""
        self.add_class("-finding")
        self.screen.set_focus(self.words)

    def action_all(self) -> None:
        """List the options again, the chosen one among them."""
        if not self.has_class("-finding"):
            return
        chosen = self.chosen
        with self.prevent(Input.Changed):
            self.words.value = ""
        self.remove_class("-finding")
        if chosen is not None and chosen not in self._listed():
            self.everything = True
        self._list(choose=chosen.identity if chosen else "")
        self.screen.set_focus(self.fields)

    def action_everything(self) -> None:
        """List all options, or the usual ones."""
        self.everything = not self.everything

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to end the search while there is one, and nothing else while a value is typed."""
        if action == "all":
            return self.has_class("-finding")
        return action not in _NOT_TYPING or not self.editing
