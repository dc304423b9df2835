"""A list of this machine's models that is filtered, sorted, and kept up to date with the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from termai.tui import model_details, model_work
from termai.tui.background import Background
from termai.tui.messages import Failed
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from termai.models.library import Library
    from termai.models.model_file import ModelFile

SORTS = {
    "name": "name",
    "newest": "modified",
    "size": "size",
    "parameters": "params",
    "context": "context",
    "where": "where",
}
_SORT = "By name, newest, size, parameters, context, where."
_RELOAD = "Look through all directories again."


class FilterLine(Input):
    """The line to filter with; Enter is shown among the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "To the list", id="library.keep", tooltip="Keep the filter."),
    ]

    def on_mount(self) -> None:
        self.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH


class ModelListing(Vertical, Background):
    """Lists what ``termai.models.library`` knows at once, and what it finds as it is found.

    Subclasses compose a FilterLine ``#filter``, a ModelTable ``#models`` inside ``#body``, and a
    VerticalScroll ``#empty`` with a Static; they are told of changed models by ``changed`` and of
    every new list by ``show_chosen``. note: how the list is sorted or filtered. count: how many
    models there are, in words.
    """

    SCOPED_CSS = False
    DEFAULT_CSS = """
    ModelListing { height: 1fr; }
    ModelListing #filter { display: none; height: 1; border: none; padding: 0 1; }
    ModelListing.-filtering #filter { display: block; }
    ModelListing #empty { display: none; height: 1fr; padding: 1 2; }
    ModelListing.-empty #empty { display: block; }
    ModelListing.-empty #body { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort", "Sort", id="library.sort", show=False, tooltip=_SORT),
        Binding("r", "reload", "Look again", id="library.reload", show=False, tooltip=_RELOAD),
        Binding("down", "list", "List", id="library.list", show=False, tooltip="To the list."),
        Binding("escape", "all", "No filter", id="library.all", tooltip="Show all models."),
    ]

    table = query_one("#models", ModelTable)

    note: reactive[str] = reactive("", repaint=False)
    count: reactive[str] = reactive("…", repaint=False)

    @dataclass
    class Known(Message):
        """The models that are known so far; pending ones are coalesced."""

        library: Library

        def can_replace(self, message: Message) -> bool:
            """Let the newest library stand for those not yet shown."""
            return isinstance(message, ModelListing.Known)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.models: dict[str, ModelFile] = {}
        self.library: Library | None = None
        self._sort = next(iter(SORTS))
        self._again = False
        self._told: frozenset[str] = frozenset()

    def on_mount(self) -> None:
        self.background(model_work.known, self.Known, group="known")

    def enter(self) -> None:
        """Take the focus, and look for what has changed meanwhile."""
        (self.query_one("#empty") if self.has_class("-empty") else self.table).focus()
        self.action_reload()

    @property
    def chosen(self) -> ModelFile | None:
        """The model that is chosen."""
        return self.models.get(self.table.chosen)

    def select(self, path: Path) -> None:
        """Choose a model, now or as soon as it is found."""
        self.table.select(str(path))

    def changed(self, identities: frozenset[str]) -> None:
        """Forget what was derived of models that have changed or gone."""

    def show_chosen(self, *, top: bool = False) -> None:
        """Show what there is to say of the chosen model; ``top`` from its beginning."""

    def on_model_listing_known(self, message: Known) -> None:
        """Take over what is known of the models; the chosen one stays chosen."""
        before, self.library = self.models, message.library
        self.models = {str(model.path): model for model in message.library.models}
        self.changed(frozenset(i for i in before if self.models.get(i) != before[i]))
        self._tell_problems(message.library)
        self._show()
        if message.library.complete and self._again:
            self._again = False
            self.call_later(self.action_reload)

    def _tell_problems(self, library: Library) -> None:
        """Say once of each place that it cannot be seen."""
        for problem in library.problems:
            if problem not in self._told:
                self.post_message(Failed(problem))
        if library.complete:
            self._told = frozenset(library.problems)

    def _show(self) -> None:
        wanted = self.query_one("#filter", Input).value
        library = self.library
        if library is None:
            return
        listed = [str(model.path) for model in self._listed(library, wanted)]
        empty = library.complete and not self.models
        self._show_empty(model_details.nothing(library) if empty else None)
        total = str(len(self.models))
        self.count = f"{len(listed)} of {total}" if wanted.split() else total
        reading = f", reads {library.unread} more" if library.unread else ""
        self.note = f"by {self._sort} (o){reading}"
        self.table.show(listed)
        self.show_chosen()

    def _show_empty(self, told: Content | None) -> None:
        """Say in place of the list why it is empty; keys work all the same."""
        box = self.query_one("#empty", VerticalScroll)
        focused = self.has_focus_within
        self.set_class(told is not None, "-empty")
        if told is not None:
            box.query_one(Static).update(told)
        if focused and not self.query_one("#filter").has_focus:
            (box if told is not None else self.table).focus()

    def _listed(self, library: Library, wanted: str) -> Sequence[ModelFile]:
        from termai.models.order import SortKey, filtered, ordered

        return ordered(filtered(library.models, wanted), SortKey(SORTS[self._sort]))

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what has every word that is typed."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in the list."""
        event.stop()
        self.table.focus()

    def action_filter(self) -> None:
        """Type words that a model must have."""
        self.add_class("-filtering")
        self.query_one("#filter").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what has to do with the filter while there is one."""
        if action == "list":
            return self.is_mounted and self.query_one("#filter").has_focus
        if action == "all":
            return self.has_class("-filtering")
        return True

    def action_list(self) -> None:
        """Go from the filter to the list."""
        self.table.focus()

    def action_all(self) -> None:
        """Show all models again."""
        self.query_one("#filter", Input).value = ""
        self.remove_class("-filtering")
        self.table.focus()

    def action_sort(self) -> None:
        """Sort by the next of the orders."""
        sorts = list(SORTS)
        self._sort = sorts[(sorts.index(self._sort) + 1) % len(sorts)]
        self._show()

    def action_reload(self) -> None:
        """Look through the stores again, after the look that goes on if one does."""
        looks = (w for w in self.workers if w.group == "library" and w.node is self)
        if any(not look.is_finished for look in looks):
            self._again = True
            return
        work = partial(model_work.refresh, self._tell)
        self.background(work, self.Known, group="library")

    def _tell(self, library: Library) -> None:
        """Pass on what was found so far; called in a thread."""
        self.post_message(self.Known(library))
