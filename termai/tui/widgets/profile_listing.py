"""The fields of a profile as a list: the usual or all of them, or those that typed words find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import Key
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from termai.tui import profile_fields, profile_lines
from termai.tui.profile_fields import Field, Shown
from termai.tui.profile_flaws import worst
from termai.tui.widgets.profile_list import FieldList
from termai.tui.widgets.profile_typing import WordsLine

if TYPE_CHECKING:
    from termai.tui.profile_draft import Draft
    from termai.tui.profile_flaws import Flaw

_FILTER = "Find options by words of their names and help."
_ALL = "Show every option, or the usual ones."


class FieldListing(Container):
    """Lists the fields of a draft. everything: whether all options are listed; count: how many
    the words find, in words.
    """

    DEFAULT_CSS = """
    FieldListing { height: 1fr; }
    FieldListing #words { display: none; height: 1; border: none; padding: 0 1; }
    FieldListing.-finding #words { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", id="form.find", tooltip=_FILTER),
        Binding("a", "everything", "All", id="form.all", tooltip=_ALL),
        Binding("escape", "all", "No filter", id="form.clear", tooltip="Show the list again."),
    ]

    fields = query_one(FieldList)
    words = query_one("#words", WordsLine)

    everything: reactive[bool] = reactive(False, repaint=False)
    count: reactive[str] = reactive("", repaint=False)

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
        self._also = ""  # a field that stays listed after it was found, though it is no usual one
        self._first = ""  # the field to choose when the list is first there

    def compose(self) -> ComposeResult:
        """Yield the words to find and the fields."""
        yield WordsLine(self._words_key, placeholder="words of a name or its help", id="words")
        yield FieldList(self._draw, self._list_key, self.action_step)

    def on_mount(self) -> None:
        self._list(choose=self._first)

    @property
    def chosen(self) -> Field | None:
        """The chosen field."""
        return self.fields.chosen

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
        profile = self.draft.profile
        found = profile_fields.listed(profile, words, everything=self.everything)
        if words.strip() or self.everything or not self._also:
            return found
        shown = {self._also, *(field.identity for field in found)}
        return tuple(field for field in profile_fields.fields(profile) if field.identity in shown)

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

    def _list_key(self, event: Key) -> bool:
        """Take a key that reached the list: one that begins to find, or was typed after it."""
        if self.screen.focused is self.words:
            return self.pass_on(event, self.words)
        if event.key == "slash":
            self.action_find()
            return True
        return False

    def _words_key(self, event: Key) -> bool:
        """Take a key that reached the words: one that ends typing, or was typed after it."""
        if self.screen.focused is not self.words:
            return self.pass_on(event, self.fields)
        if event.key == "escape":
            self.action_all()
        elif event.key in ("enter", "down"):
            self._find()
            self.screen.set_focus(self.fields)
        else:
            return False
        return True

    def pass_on(self, event: Key, widget: Widget) -> bool:
        """Send a key that came too early to the widget that it is meant for."""
        widget.post_message(Key(event.key, event.character))
        return True

    @on(Input.Changed, "#words")
    def on_words_changed(self, event: Input.Changed) -> None:
        """List what has the typed words."""
        event.stop()
        self._find()

    def action_step(self, by: int) -> None:
        """Take the next or the last value of the chosen field; a mere list changes nothing."""

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
        self._also = chosen.identity if chosen is not None else ""
        self._list(choose=chosen.identity if chosen else "")
        self.screen.set_focus(self.fields)

    def action_everything(self) -> None:
        """List all options, or the usual ones."""
        self._also = ""
        self.everything = not self.everything

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to end the search while there is one."""
        return self.has_class("-finding") if action == "all" else True
