"""The Library tab: the models on this machine, filtered and sorted; all about the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from termai.text import one_line
from termai.tui import model_actions, model_details, model_rows, model_work
from termai.tui.background import Background, program
from termai.tui.columns import Cell
from termai.tui.messages import ProfileMade
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.models.fit import Curve, Fit, Machine
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
_REST_S = 0.15  # for which the cursor stays on a row before its curve is computed
_AT_ONCE = 4  # models whose fit is computed before what is in the window is asked again
_TALL = 24  # lines of details from which the curve is drawn among them
_PROFILE = "Make a profile whose values fit this machine."
_INSPECT = "Every metadata key, the tensors, the chat template."
_REMOVE = "Delete its files, after asking."
_FILTER = "Type words that a model must have; Escape shows all."
_SORT = "By name, newest, size, parameters, context, where."
_CURVE = "Memory against context, for each KV cache type."
_COPY = "Copy the file's path."
_RELOAD = "Look through all directories again."
_ADD = "Look for models in a further directory."


class LibraryPane(Vertical, Background):
    """Lists what ``termai.models.library`` knows at once, and what it finds as it is found.

    note: how the list is sorted or filtered. count: how many models there are, in words.
    """

    SCOPED_CSS = False
    DEFAULT_CSS = """
    LibraryPane { height: 1fr; }
    LibraryPane #filter { display: none; height: 1; border: none; padding: 0 1; }
    LibraryPane.-filtering #filter { display: block; }
    LibraryPane #body { layout: vertical; height: 1fr; }
    LibraryPane #details {
        height: 8; border-top: solid $primary 40%; padding: 0 1; scrollbar-size-vertical: 1;
    }
    LibraryPane #empty { display: none; height: 1fr; padding: 1 2; }
    LibraryPane.-empty #empty { display: block; }
    LibraryPane.-empty #body { display: none; }
    .-wide LibraryPane #body { layout: horizontal; }
    .-wide LibraryPane ModelTable { width: 1fr; height: 100%; }
    .-wide LibraryPane #details {
        width: 43%; height: 100%; border-top: none; border-left: solid $primary 40%;
    }
    .-short LibraryPane #details { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="library.start", tooltip="Start a server (Enter)."),
        Binding("p", "profile", "Profile", id="library.profile", tooltip=_PROFILE),
        Binding("i", "inspect", "Inspect", id="library.inspect", tooltip=_INSPECT),
        Binding("d,delete", "remove", "Remove", id="library.remove", tooltip=_REMOVE),
        Binding("slash", "filter", "Filter", id="library.filter", tooltip=_FILTER),
        Binding("o", "sort", "Sort", id="library.sort", show=False, tooltip=_SORT),
        Binding("v", "curve", "Curve", id="library.curve", show=False, tooltip=_CURVE),
        Binding("y", "copy_path", "Copy path", id="library.copy", show=False, tooltip=_COPY),
        Binding("r", "reload", "Look again", id="library.reload", show=False, tooltip=_RELOAD),
        Binding("a", "add", "Add directory", id="library.add", show=False, tooltip=_ADD),
        Binding("escape", "all", "All", id="library.all", show=False, tooltip="No filter."),
    ]

    table = query_one("#models", ModelTable)

    note: reactive[str] = reactive("")
    count: reactive[str] = reactive("…")

    @dataclass
    class Known(Message):
        """The models that are known so far; pending ones are coalesced."""

        library: Library

        def can_replace(self, message: Message) -> bool:
            """Let the newest library stand for those not yet shown."""
            return isinstance(message, LibraryPane.Known)

    @dataclass
    class Fitted(Message):
        """Fits were computed: the machine they are for, and each model's or None.

        look: which look at the machine it is.
        """

        look: int
        answer: tuple[Machine, Mapping[str, Fit | None]]

    @dataclass
    class Drawn(Message):
        """The curve of one model was computed."""

        identity: str
        curve: Curve | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._models: dict[str, ModelFile] = {}
        self._library: Library | None = None
        self._fits: dict[str, Fit | None] = {}
        self._curves: dict[str, Curve | None] = {}
        self._machine: Machine | None = None
        self._sort = next(iter(SORTS))
        self._look = 0
        self._alive: frozenset[str] = frozenset()
        self._fitting = False
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield the filter, the list, and the chosen model's details below or beside it."""
        yield Input(placeholder="words that a model must have", id="filter", compact=True)
        with Container(id="body"):
            yield ModelTable(model_rows.COLUMNS, self._cells, id="models")
            with VerticalScroll(id="details"):
                yield Static(markup=False)
        with VerticalScroll(id="empty"):
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.background(model_work.known, self.Known, group="known")
        self.watch(program(self), "servers", self._watch_memory, init=False)

    def enter(self) -> None:
        """Take the focus, and look for what has changed meanwhile."""
        (self.query_one("#empty") if self.has_class("-empty") else self.table).focus()
        self.action_reload()

    @property
    def chosen(self) -> ModelFile | None:
        """The model that is chosen."""
        return self._models.get(self.table.chosen)

    def select(self, path: Path) -> None:
        """Choose a model, now or as soon as it is found."""
        self.table.select(str(path))

    def on_library_pane_known(self, message: Known) -> None:
        """Take over what is known of the models; the chosen one stays chosen."""
        before, self._library = self._models, message.library
        self._models = {str(model.path): model for model in message.library.models}
        for identity, model in self._models.items():
            if before.get(identity) != model:
                self._fits.pop(identity, None)
                self._curves.pop(identity, None)
        self._show()

    def _show(self) -> None:
        wanted = self.query_one("#filter", Input).value
        library = self._library
        if library is None:
            return
        listed = [str(model.path) for model in self._listed(library, wanted)]
        empty = library.complete and not self._models
        self._show_empty(model_details.nothing(library) if empty else None)
        total = str(len(self._models))
        self.count = f"{len(listed)} of {total}" if wanted.split() else total
        reading = f", reads {library.unread} more" if library.unread else ""
        self.note = f"by {self._sort} (o){reading}"
        self.table.show(listed)
        self._show_details()
        self.refresh_bindings()

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

    def _cells(self, identity: str) -> Sequence[Cell]:
        known = identity in self._fits
        return model_rows.cells(self._models[identity], self._fits.get(identity), known=known)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show the chosen model; its curve once the cursor rests there."""
        event.stop()
        self._show_details()
        self.query_one("#details").scroll_home(animate=False)
        self.refresh_bindings()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_S, self._draw_curve)

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Start the model."""
        event.stop()
        self.action_start()

    def on_model_table_moved(self, event: ModelTable.Moved) -> None:
        """Compute the fits of the models that came into the window."""
        event.stop()
        self._fit_more()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_details)

    def _show_details(self) -> None:
        box = self.query_one("#details", VerticalScroll)
        model = self.chosen
        content = Content("")
        if model is not None:
            identity = self.table.chosen
            content = model_details.details(
                model,
                self._fits.get(identity),
                self._curves.get(identity),
                box.query_one(Static).size.width or self.size.width - 2,
                tall=box.size.height > _TALL,
            )
        box.query_one(Static).update(content)

    def _unfitted(self) -> list[str]:
        """Return the models in the window whose fit is not known, the chosen one first."""
        seen = [self.table.chosen, *self.table.window]
        return [i for i in dict.fromkeys(seen) if i not in self._fits and self._startable(i)]

    def _startable(self, identity: str) -> bool:
        model = self._models.get(identity)
        return model is not None and model.startable

    def _fit_more(self) -> None:
        """Compute the next few fits, unless that is under way; the answer is Fitted."""
        wanted = self._unfitted()[:_AT_ONCE]
        if wanted and not self._fitting:
            self._fitting = True
            models = tuple(self._models[identity] for identity in wanted)
            work = partial(model_work.fits, models, self._machine)
            self.background(work, partial(self.Fitted, self._look), group="fits")

    def on_library_pane_fitted(self, message: Fitted) -> None:
        """Take over fits, unless the machine has changed meanwhile, and go on."""
        self._fitting = False
        if message.look == self._look:
            self._machine, fits = message.answer
            self._fits.update(fits)
            self.table.redraw()
            if self.table.chosen in fits:
                self._show_details()
        self._fit_more()

    def _watch_memory(self) -> None:
        """Forget the fits when servers came or went, as other memory is free now."""
        alive = frozenset(s.name for s in program(self).servers if s.alive and s.state == "ready")
        if alive != self._alive:
            self._alive = alive
            self._forget_fits()

    def _forget_fits(self) -> None:
        self._look += 1
        self._machine = None
        self._fits.clear()
        self._curves.clear()
        self.table.redraw()
        self._fit_more()
        self._draw_curve()

    def _draw_curve(self) -> None:
        model, identity = self.chosen, self.table.chosen
        if model is not None and model.startable and identity not in self._curves:
            work = partial(model_work.curve, model)
            self.background(work, partial(self.Drawn, identity), group="curve", exclusive=True)

    def on_library_pane_drawn(self, message: Drawn) -> None:
        """Show the curve if its model is still chosen."""
        self._curves[message.identity] = message.curve
        if message.identity == self.table.chosen:
            self._show_details()

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what has every word that is typed."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in the list."""
        event.stop()
        self.table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what the chosen model does not offer."""
        model = self.chosen
        if action in {"start", "profile", "curve"}:
            return True if model is not None and model.startable else None
        if action in {"inspect", "copy_path", "remove"}:
            return True if model is not None else None
        return True

    def action_start(self) -> None:
        """Start a server for the chosen model."""
        if (model := self.chosen) is not None and model.startable:
            self.flow(partial(model_actions.start, program(self), model.path), group="start")

    def action_profile(self) -> None:
        """Make a profile for the chosen model that fits this machine."""
        if (model := self.chosen) is not None and model.startable:
            making = partial(model_work.make_profile, model.path)
            self.background(making, ProfileMade, group="profile")

    def action_inspect(self) -> None:
        """Show everything that the chosen model's header says."""
        from termai.tui.screens.models_inspect import InspectScreen

        if (model := self.chosen) is not None:
            self.app.push_screen(InspectScreen(model))

    def action_remove(self) -> None:
        """Remove the chosen model's files, after asking."""
        if (model := self.chosen) is not None:
            self.flow(partial(self._remove, model), group="remove")

    async def _remove(self, model: ModelFile) -> None:
        library = self._library
        if library and await model_actions.remove(program(self), model, library):
            self.action_reload()

    def action_curve(self) -> None:
        """Draw the chosen model's curve large."""
        from termai.tui.screens.models_curve import CurveScreen

        curve, model = self._curves.get(self.table.chosen), self.chosen
        if model is not None and curve is not None:
            fit = self._fits.get(self.table.chosen)
            advice = fit.advice if fit else ""
            self.app.push_screen(CurveScreen(model_rows.name(model), curve, advice))

    def action_filter(self) -> None:
        """Type words that a model must have."""
        self.add_class("-filtering")
        self.query_one("#filter").focus()

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

    def action_copy_path(self) -> None:
        """Copy the path of the chosen model."""
        if (model := self.chosen) is not None:
            self.app.copy_to_clipboard(str(model.path))
            self.notify(f"Copied {one_line(str(model.path))}", markup=False)

    def action_reload(self) -> None:
        """Look through the stores again."""
        work = partial(model_work.refresh, self._tell)
        self.background(work, self.Known, group="library", exclusive=True)

    def _tell(self, library: Library) -> None:
        """Pass on what was found so far; called in a thread."""
        self.post_message(self.Known(library))

    def action_add(self) -> None:
        """Add a directory in which models are looked for."""
        self.flow(self._add, group="add")

    async def _add(self) -> None:
        if await model_actions.add_directory(program(self)):
            self.action_reload()
