"""What a new profile is made from: a model, a running server, a template, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from termai.text import one_line
from termai.tui import formats, model_rows, model_work, profile_new_work
from termai.tui.background import Background
from termai.tui.columns import Cell, Column
from termai.tui.profile_new_work import Seed, Seeds
from termai.tui.widgets.model_table import ModelTable

if TYPE_CHECKING:
    from termai.models.fit import Fit, Machine
    from termai.models.model_file import ModelFile

COLUMNS = (
    Column("From", 8),
    Column("Name", 30, flexible=True),
    Column("Size", 5, 3, right=True),
    Column("", 12, 1),
)
_AT_ONCE = 4  # models whose fit is computed before the rest is asked for
_KEYS = "Type to filter   ↑↓ choose   Enter takes it   Escape goes back"
_READING = "Looking for models …"
_LOOKING = "Looks for more models …"
_EMPTY = Seed("empty", "", "nothing", "every option as the engine has it")


class FromLine(Input):
    """The line to filter with; up, down and the pages move in the list meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.move(1)", "Down", id="new.down", show=False, tooltip="Next row."),
        Binding("up", "screen.move(-1)", "Up", id="new.up", show=False, tooltip="Row before."),
        Binding("pagedown", "screen.page(1)", "Page", id="new.next", show=False, tooltip="A page."),
        Binding("pageup", "screen.page(-1)", "Page", id="new.back", show=False, tooltip="A page."),
    ]

    def on_mount(self) -> None:
        self.cursor_blink = False  # a blink is a drawing, twice a second, also over SSH


class NewScreen(ModalScreen["Seed | None"], Background):
    """Lists what a profile can be made from; returns what was chosen, None when it is left.

    only_models: whether only models are listed, and going without one.
    """

    DEFAULT_CSS = """
    NewScreen { align: center middle; }
    NewScreen > Vertical {
        width: 100%; max-width: 100; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    NewScreen FromLine { height: 1; border: none; padding: 0; }
    NewScreen ModelTable { height: 1fr; background: $surface; }
    NewScreen #told { height: 2; color: $muted; }
    NewScreen Label { color: $muted; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="new.leave", tooltip="Make nothing."),
    ]

    table = query_one(ModelTable)

    @dataclass
    class Read(Message):
        """What there is to make a profile from; complete: when all stores were looked through."""

        seeds: Seeds
        complete: bool

    @dataclass
    class Fitted(Message):
        """How models fit this machine was computed."""

        answer: tuple[Machine, Mapping[str, Fit | None]]

    def __init__(self, title: str = "New profile from", *, only_models: bool = False) -> None:
        super().__init__()
        self._title, self._only_models = title, only_models
        self._seeds: dict[str, Seed] = {}
        self._models: dict[str, ModelFile] = {}
        self._fits: dict[str, Fit | None] = {}
        self._machine: Machine | None = None
        self._fitting = self._complete = False
        self._touched = False  # whether a key has moved the choice, which then stays

    def compose(self) -> ComposeResult:
        """Yield the filter, the list, and what the chosen one would give."""
        with Vertical() as box:
            box.border_title = Content(one_line(self._title))
            yield FromLine(placeholder="words to filter by", compact=True)
            yield ModelTable(COLUMNS, self._cells)
            yield Static(_READING, id="told", markup=False)
            yield Label(Content(_KEYS))

    def on_mount(self) -> None:
        self.table.can_focus = False
        self.background(profile_new_work.known, self._first, group="known")

    def _first(self, seeds: Seeds) -> Message:
        return self.Read(seeds, complete=False)

    def _last(self, seeds: Seeds) -> Message:
        return self.Read(seeds, complete=True)

    def on_new_screen_read(self, message: Read) -> None:
        """List what there is; after what is known at once, look through the stores."""
        seeds = message.seeds
        listed = seeds.models if self._only_models else (*seeds.models, *seeds.others)
        self._seeds = {seed.identity: seed for seed in (*listed, self._without)}
        self._models = seeds.files
        self._complete = message.complete
        self._show()
        self._fit_more()
        if not message.complete:
            self.background(profile_new_work.looked, self._last, group="look")

    @property
    def _without(self) -> Seed:
        if self._only_models:
            return Seed("model", "", "none", "ask for it at each start")
        return _EMPTY

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what has every word that is typed."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the chosen one."""
        event.stop()
        self.table.action_pick()

    def _show(self) -> None:
        words = self.query_one(FromLine).value.casefold().split()
        self.table.show([i for i, seed in self._seeds.items() if seed.has(words)])
        if not self._touched:
            self.table.action_first()
        self.table.redraw()
        self._tell()

    def _cells(self, identity: str) -> Sequence[Cell]:
        seed = self._seeds[identity]
        origin = Content.styled(seed.origin, "$muted")
        model = self._models.get(identity)
        if model is None:
            title = (one_line(seed.title), "bold")
            return origin, Content.assemble(title, (f"  {one_line(seed.about)}", "$muted")), "", ""
        known = identity in self._fits
        fit = model_rows.fit_cell(self._fits.get(identity), known=known)
        return origin, Content.styled(model_rows.name(model), "bold"), formats.size(model.size), fit

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Say what the chosen one would give."""
        event.stop()
        self._tell()

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Return what was chosen."""
        event.stop()
        self.dismiss(self._seeds[event.identity])

    def on_model_table_moved(self, event: ModelTable.Moved) -> None:
        """Look how the models that have come into the window fit."""
        event.stop()
        self._fit_more()

    def _tell(self) -> None:
        seed = self._seeds.get(self.table.chosen)
        told = seed.told if seed else "Nothing has these words."
        if seed and seed.about:
            told = f"{seed.about}. {told}"
        fit = self._fits.get(self.table.chosen)
        if fit is not None and fit.advice:
            told = fit.advice
        more = "" if self._complete else _LOOKING
        self.query_one("#told", Static).update(Content(f"{one_line(told)}\n{more}"))

    def _fit_more(self) -> None:
        """Compute how the next few models in the window fit."""
        if self._fitting:
            return
        asked = [self._models[i] for i in self.table.window if self._unfitted(i)][:_AT_ONCE]
        if asked:
            self._fitting = True
            work = partial(model_work.fits, asked, self._machine)
            self.background(work, self.Fitted, group="fit")

    def _unfitted(self, identity: str) -> bool:
        return identity in self._models and identity not in self._fits

    def on_new_screen_fitted(self, message: Fitted) -> None:
        """Show how models fit, then look at the next ones."""
        self._fitting = False
        self._machine, fits = message.answer
        self._fits |= fits
        self.table.redraw(fits)
        self._tell()
        self._fit_more()

    def action_move(self, rows: int) -> None:
        """Move in the list."""
        self._touched = True
        self.table.action_move(rows)

    def action_page(self, pages: int) -> None:
        """Move in the list by a window."""
        self._touched = True
        self.table.action_page(pages)

    def action_leave(self) -> None:
        """Return nothing, or take the filter away first."""
        line = self.query_one(FromLine)
        if line.value:
            line.value = ""
        else:
            self.dismiss(None)
