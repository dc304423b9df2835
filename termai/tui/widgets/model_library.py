"""The Library tab: the models on this machine, filtered and sorted; all about the chosen one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from termai.text import one_line
from termai.tui import download_rows, model_actions, model_details, model_rows, model_work
from termai.tui.background import program
from termai.tui.columns import Cell
from termai.tui.widgets.model_listing import FilterLine, ModelListing
from termai.tui.widgets.model_table import ModelTable
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.models.downloads.view import Download
    from termai.models.fit import Curve, Fit, Machine
    from termai.models.model_file import ModelFile

_REST_S = 0.15  # for which the cursor stays on a row before its curve is computed
_AT_ONCE = 4  # models whose fit is computed before what is in the window is asked again
_TALL = 24  # lines of details from which the curve is drawn among them
_PROFILE = "Make a profile whose values fit this machine."
_INSPECT = "Every metadata key, the tensors, the chat template."
_REMOVE = "Delete its files, after asking."
_FILTER = "Type words that a model must have; Escape shows all."
_CURVE = "Memory against context, for each KV cache type."
_COPY = "Copy the file's path."
_ADD = "Look for models in a further directory."


class LibraryPane(ModelListing):
    """Lists the models with how they fit, and says all about the chosen one."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    LibraryPane #body { layout: vertical; height: 1fr; }
    LibraryPane #details {
        height: 8; border-top: solid $primary 40%; padding: 0 1;
    }
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
        Binding("v", "curve", "Curve", id="library.curve", show=False, tooltip=_CURVE),
        Binding("y", "copy_path", "Copy path", id="library.copy", show=False, tooltip=_COPY),
        Binding("a", "add", "Add directory", id="library.add", show=False, tooltip=_ADD),
    ]

    @dataclass
    class Fitted(Message):
        """Fits were computed: the machine they are for, and each model's or None.

        look: which look at the machine it is.
        """

        look: int
        answer: tuple[Machine, Mapping[str, Fit | None]]

    @dataclass
    class Drawn(Message):
        """One model was looked at closer: its fit by the engine's own numbers, and its curve."""

        identity: str
        look: int
        answer: tuple[Fit | None, Curve | None]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._fits: dict[str, Fit | None] = {}
        self._curves: dict[str, Curve | None] = {}
        self._machine: Machine | None = None
        self._look = 0
        self._alive: frozenset[str] = frozenset()
        self._fitting = False
        self._wanted_curve = ""
        self._filling: dict[str, Download] = {}
        self._offered = (False, False)
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield the filter, the list, and the chosen model's details below or beside it."""
        yield FilterLine(placeholder="words that a model must have", id="filter", compact=True)
        with Container(id="body"):
            yield ModelTable(model_rows.COLUMNS, self._cells, id="models")
            yield TextPane(id="details")
        with VerticalScroll(id="empty"):
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.watch(program(self), "servers", self._watch_memory, init=False)

    def changed(self, identities: frozenset[str]) -> None:
        """Forget fits and curves of models that have changed or gone."""
        for identity in identities:
            self._fits.pop(identity, None)
            self._curves.pop(identity, None)

    def _cells(self, identity: str) -> Sequence[Cell]:
        known = identity in self._fits
        download = self._filling.get(identity)
        filled = download_rows.filled(download) if download else ""
        fit = self._fits.get(identity)
        return model_rows.cells(self.models[identity], fit, known=known, filled=filled)

    def fill(self, downloads: Sequence[Download]) -> None:
        """Show which of the files are being downloaded, and how far they are."""
        before = self._filling
        self._filling = {
            str(download.plan.partial(file)): download
            for download in downloads
            if not download.status.over
            for file in download.plan.files
        }
        changed = {i for i in (*before, *self._filling) if before.get(i) != self._filling.get(i)}
        self.table.redraw(changed)
        if self.table.chosen in changed:
            self.show_chosen()

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show the chosen model; its curve once the cursor rests there."""
        event.stop()
        self.show_chosen(top=True)
        self._fit_more()
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

    def show_chosen(self, *, top: bool = False) -> None:
        """Show the details of the chosen model; ``top`` from their beginning."""
        self.query_one("#details", TextPane).show(self._details, top=top)
        offered = (self.chosen is not None, self.chosen is not None and self.chosen.startable)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _details(self, width: int, height: int) -> Content:
        model, identity = self.chosen, self.table.chosen
        if model is None:
            return Content("")
        if identity in self._filling:
            return Content("\n").join(download_rows.details(self._filling[identity]))
        pending = model.startable and identity not in self._curves
        fit, curve = self._fits.get(identity), self._curves.get(identity)
        tall = height > _TALL
        return model_details.details(model, fit, curve, width, tall=tall, pending=pending)

    def _unfitted(self) -> list[str]:
        """Return the models in the window whose fit is not known, the chosen one first."""
        seen = [self.table.chosen, *self.table.window]
        return [i for i in dict.fromkeys(seen) if i not in self._fits and self._startable(i)]

    def _startable(self, identity: str) -> bool:
        model = self.models.get(identity)
        return model is not None and model.startable

    def _fit_more(self) -> None:
        """Compute the next few fits, unless that is under way; the answer is Fitted."""
        wanted = self._unfitted()[:_AT_ONCE]
        if wanted and not self._fitting:
            self._fitting = True
            models = tuple(self.models[identity] for identity in wanted)
            work = partial(model_work.fits, models, self._machine)
            self.background(work, partial(self.Fitted, self._look), group="fits")

    def on_library_pane_fitted(self, message: Fitted) -> None:
        """Take over fits, unless the machine has changed meanwhile, and go on."""
        self._fitting = False
        if message.look == self._look:
            self._machine, fits = message.answer
            self._fits.update(fits)
            self.table.redraw(fits)
            if self.table.chosen in fits:
                self.show_chosen()
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
            work = partial(model_work.closer, model)
            made = partial(self.Drawn, identity, self._look)
            self.background(work, made, group="curve", exclusive=True)

    def on_library_pane_drawn(self, message: Drawn) -> None:
        """Take over fit and curve, unless the machine has changed meanwhile."""
        fit, curve = message.answer
        if message.look != self._look:
            return
        self._curves[message.identity] = curve
        if fit is not None and fit != self._fits.get(message.identity):
            self._fits[message.identity] = fit
            self.table.redraw((message.identity,))
        if message.identity == self.table.chosen:
            self.show_chosen()
            if message.identity == self._wanted_curve:
                self.action_curve()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what the chosen model does not offer."""
        if action in {"start", "profile", "curve", "inspect", "copy_path", "remove"}:
            return True if self.chosen is not None else None
        return super().check_action(action, parameters)

    @property
    def _ready(self) -> ModelFile | None:
        """The chosen model if it can be started, else None after saying why it cannot."""
        model = self.chosen
        if model is None or model.startable:
            return model
        download = self._filling.get(self.table.chosen)
        why = f"It is {model.kind}, no model." if not model.trouble else "It cannot be started."
        told = "It is being downloaded; w shows it." if download else why
        self.notify(told, severity="warning", markup=False)
        return None

    def action_start(self) -> None:
        """Start a server for the chosen model."""
        if (model := self._ready) is not None:
            self.flow(partial(model_actions.start, program(self), model.path), group="start")

    def action_profile(self) -> None:
        """Make a profile for the chosen model that fits this machine."""
        if (model := self._ready) is not None:
            fit = self._fits.get(self.table.chosen)
            asked = fit.advice if fit and fit.verdict == "none" else ""
            making = partial(model_actions.make_profile, program(self), model.path, asked)
            self.flow(making, group="profile")

    def action_inspect(self) -> None:
        """Show everything that the chosen model's header says."""
        from termai.tui.screens.models_inspect import InspectScreen

        if (model := self.chosen) is not None:
            self.app.push_screen(InspectScreen(model))

    def action_remove(self) -> None:
        """Remove the chosen model's files, after asking."""
        download, model = self._filling.get(self.table.chosen), self.chosen
        if download is not None:
            self.flow(partial(model_actions.cancel, program(self), download), group="remove")
        elif model is not None:
            self.flow(partial(self._remove, model), group="remove")

    async def _remove(self, model: ModelFile) -> None:
        library = self.library
        if library and await model_actions.remove(program(self), model, library):
            self.action_reload()

    def action_curve(self) -> None:
        """Draw the chosen model's curve large, as soon as it is known."""
        from termai.tui.screens.models_curve import CurveScreen

        model, identity = self._ready, self.table.chosen
        self._wanted_curve = identity if identity not in self._curves else ""
        curve = self._curves.get(identity)
        if model is not None and curve is not None:
            fit = self._fits.get(self.table.chosen)
            advice = fit.advice if fit else ""
            self.app.push_screen(CurveScreen(model_rows.name(model), curve, advice))

    def action_copy_path(self) -> None:
        """Copy the path of the chosen model."""
        download, model = self._filling.get(self.table.chosen), self.chosen
        if model is not None:
            path = str(download.path if download else model.path)
            self.app.copy_to_clipboard(path)
            self.notify(f"Copied {one_line(path)}", markup=False)

    def action_add(self) -> None:
        """Add a directory in which models are looked for."""
        self.flow(self._add, group="add")

    async def _add(self) -> None:
        if await model_actions.add_directory(program(self)):
            self.action_reload()
