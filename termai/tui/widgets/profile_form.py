"""The form of a profile: its fields, a filter above them, and a line to type a value in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import DescendantFocus
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from termai.errors import UsageError
from termai.profiles.values import RefusedValueError
from termai.tui import profile_fields, profile_lines
from termai.tui.profile_fields import Field, Shown, Way
from termai.tui.profile_flaws import worst
from termai.tui.profile_steps import stepped
from termai.tui.widgets.profile_list import FieldList

if TYPE_CHECKING:
    from termai.profiles.profile import Profile
    from termai.tui.profile_draft import Draft
    from termai.tui.profile_flaws import Flaw

LINE_LIMIT = 65_536
_NOT_TYPING = frozenset({"edit", "step", "unset", "find", "everything"})
_FILTER = "Find options by words of their names and help."
_ALL = "Show every option, or the usual ones."
_SPACE = "Turn a switch over, take the next choice."
_UNSET = "Leave it to the default."


class EditLine(Input):
    """The line in which a value is typed, over the row of its field."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", id="edit.take", tooltip="Use what is typed."),
        Binding("escape", "leave", "Leave it", id="edit.leave", tooltip="As it was before."),
        Binding("down,tab", "take(1)", "Next", id="edit.next", show=False, tooltip="And go on."),
        Binding("up,shift+tab", "take(-1)", "Back", id="edit.up", show=False, tooltip="And back."),
    ]

    @dataclass
    class Ended(Message):
        """Typing is over: by how many rows to move on, or that nothing is to be changed."""

        rows: int = 0
        left: bool = False

    def action_take(self, rows: int) -> None:
        """Take what is typed and move on."""
        self.post_message(self.Ended(rows))

    def action_leave(self) -> None:
        """Change nothing."""
        self.post_message(self.Ended(left=True))

    async def action_submit(self) -> None:
        """Take what is typed."""
        self.post_message(self.Ended())


class WordsLine(Input):
    """The line in which words to find are typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "submit", "To the option", id="words.take", tooltip="Go there."),
        Binding("escape", "leave", "All", id="words.leave", tooltip="Show all again."),
    ]

    class Ended(Message):
        """The words are to be forgotten."""

    def action_leave(self) -> None:
        """Forget the words."""
        self.post_message(self.Ended())


class FieldForm(Container):
    """Lists the fields of a draft and lets them be changed; it owns none of it.

    What is changed comes as ``Tried`` with every key that is typed and as ``Taken`` when it is to
    stay; whoever shows the form answers with ``show``. everything: whether all options are
    listed.
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
        Binding("backspace,delete", "unset", "Unset", id="form.unset", tooltip=_UNSET),
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

    @dataclass
    class Taken(Message):
        """A change is to stay."""

        profile: Profile

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
        self._draft = draft
        self._automatic: Mapping[str, str] = {}
        self._flaws: tuple[Flaw, ...] = ()
        self._typed: Profile | None = None  # what the line means now, None where it means nothing
        self._first = ""  # the field to choose when the list is first there

    def compose(self) -> ComposeResult:
        """Yield the words to find, the fields, and the line that lies over one of them."""
        yield WordsLine(placeholder="words of a name or its help", id="words", compact=True)
        yield FieldList(self._draw, self._type_digit)
        yield EditLine(id="edit", compact=True, max_length=LINE_LIMIT, select_on_focus=False)

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

    def show(self, draft: Draft, automatic: Mapping[str, str], flaws: Sequence[Flaw] = ()) -> None:
        """Show what a draft says, what would be decided at a start, and where it is flawed."""
        told = (automatic, tuple(flaws)) != (self._automatic, self._flaws)
        self._automatic, self._flaws = automatic, tuple(flaws)
        before, self._draft = self._draft, draft
        if draft.profile is not before.profile or draft.saved is not before.saved:
            self._list()
        elif told:
            self.fields.refresh()

    def shown(self, field: Field) -> Shown:
        """Return what a field's row says."""
        draft = self._draft
        return profile_fields.show(draft.profile, field, draft.saved, self._automatic)

    def _draw(self, field: Field, width: int) -> Content:
        sign = worst(self._flaws, field.identity)
        return profile_lines.row(field, self.shown(field), width, sign=sign)

    def _listed(self) -> tuple[Field, ...]:
        words = self.words.value if self.has_class("-finding") else ""
        return profile_fields.listed(self._draft.profile, words, everything=self.everything)

    def _list(self, choose: str = "") -> None:
        found = self._listed()
        self.count = f"{len(found)} found" if self.words.value.strip() else ""
        self.fields.show(found, choose)

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

    def on_field_list_stepped(self, event: FieldList.Stepped) -> None:
        """Take the next value of the field, or the one before."""
        event.stop()
        self.action_step(event.by)

    def on_field_list_moved(self, event: FieldList.Moved) -> None:
        """Keep the line over the row."""
        event.stop()
        self._place_line()

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
            self._begin(field, profile_fields.text_of(self._draft.profile, field.identity))
        else:
            self.post_message(self.Wanted(field))

    def type(self, field: Field) -> None:
        """Have the value of a field typed that could be picked."""
        self.choose(field.identity)
        self._begin(field, profile_fields.text_of(self._draft.profile, field.identity))

    def _begin(self, field: Field, text: str) -> None:
        self._typed = self._draft.profile
        with self.prevent(Input.Changed):
            self.line.value = text
        self.add_class("-editing")
        self._place_line()
        self.screen.set_focus(self.line)
        if text and text == profile_fields.text_of(self._draft.profile, field.identity):
            self.line.action_select_all()
        else:
            self.line.cursor_position = len(text)
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
        if event.input is self.line:
            if self.editing:
                self._try()
        else:
            self._list(choose=profile_fields.best(self._listed(), event.value))

    def _try(self) -> None:
        field = self.chosen
        if field is None:
            return
        try:
            self._typed = profile_fields.with_text(
                self._draft.profile, field.identity, self.line.value
            )
        except UsageError as error:
            self._typed = None
            expected = error.expected if isinstance(error, RefusedValueError) else str(error)
            self.post_message(self.Wrong(expected))
        else:
            self.post_message(self.Wrong(""))
            self.post_message(self.Tried(self._typed))

    def on_edit_line_ended(self, event: EditLine.Ended) -> None:
        """Take or leave what is typed; what is no value stays on the line."""
        event.stop()
        if event.left:
            self._end()
            self.post_message(self.Left())
        elif self._typed is not None:
            self.post_message(self.Taken(self._typed))
            self._end()
            self.fields.action_move(event.rows)

    def typed(self) -> Profile | None:
        """End typing; return what the line means, None where it means nothing."""
        self._end()
        return self._typed

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Take what was typed when the list is clicked on."""
        if self.editing and event.widget is not self.line:
            typed = self.typed()
            self.post_message(self.Left() if typed is None else self.Taken(typed))

    def _end(self) -> None:
        self.remove_class("-editing")
        self.post_message(self.Wrong(""))
        self.screen.set_focus(self.fields)

    def action_step(self, by: int) -> None:
        """Take the next or the last value of the chosen field."""
        field = self.chosen
        if field is None:
            return
        decided = self._automatic.get(field.identity, "")
        after = stepped(self._draft.profile, field, by, decided)
        if after is not None:
            self.post_message(self.Taken(after))

    def action_unset(self) -> None:
        """Leave the chosen field to the default."""
        if self.chosen is not None:
            self.post_message(
                self.Taken(profile_fields.unset(self._draft.profile, self.chosen.identity))
            )

    def action_find(self) -> None:
        """Type words to find options by."""
        self.add_class("-finding")
        self.screen.set_focus(self.words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on with the option that was found."""
        event.stop()
        self.screen.set_focus(self.fields)

    def on_words_line_ended(self, event: WordsLine.Ended) -> None:
        """List the options again."""
        event.stop()
        self.action_all()

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
