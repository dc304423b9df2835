"""One repository of the hub: its quantizations, which of them fit, and getting one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Static

from termai.errors import TermaiError
from termai.text import one_line
from termai.tui import hub_details, hub_rows, hub_work
from termai.tui.background import Background
from termai.tui.columns import Cell
from termai.tui.threads import Threads
from termai.tui.widgets.model_table import ModelTable
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from textual.timer import Timer

    from termai.models.downloads.view import Download
    from termai.models.fit import Curve
    from termai.models.hub.repositories import Repository
    from termai.models.hub.variants import Variant
    from termai.tui.hub_work import Fits

_REST_S = 0.15  # for which the cursor stays on a row before its curve is computed
_TALL = 24  # lines of details from which the curve is drawn among them
_GET = "Download the quantization (Enter); it goes on when termai is closed."
_CURVE = "Memory against context, for each KV cache type."


class RepositoryPane(Vertical, Background):
    """Shows a repository as soon as the hub answers, its fits as headers come in."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    RepositoryPane { height: 1fr; }
    RepositoryPane #head { height: auto; max-height: 2; padding: 0 1; }
    RepositoryPane #state { height: auto; max-height: 8; padding: 0 1; color: $muted; }
    RepositoryPane #state.-problem { color: $text-error; padding: 1 1; }
    RepositoryPane #body { layout: vertical; height: 1fr; }
    RepositoryPane #about {
        height: 8; border-top: solid $primary 40%; padding: 0 1;
    }
    .-wide RepositoryPane #body { layout: horizontal; }
    .-wide RepositoryPane ModelTable { width: 1fr; height: 100%; }
    .-wide RepositoryPane #about {
        width: 43%; height: 100%; border-top: none; border-left: solid $primary 40%;
    }
    .-short RepositoryPane #about { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "get", "Get", id="repository.get", tooltip=_GET),
        Binding("v", "curve", "Curve", id="repository.curve", show=False, tooltip=_CURVE),
        Binding("r", "again", "Again", id="repository.again", show=False, tooltip="Ask again."),
    ]

    table = query_one("#variants", ModelTable)

    @dataclass
    class Opened(Message):
        """The hub told of the repository, or did not."""

        number: int
        repository: Repository | None
        problem: str = ""

    @dataclass
    class Fitted(Message):
        """Fits of all quantizations were computed from what is known so far, or why not."""

        number: int
        fits: Fits | None
        problem: str = ""

    @dataclass
    class Drawn(Message):
        """The curve of a quantization was computed."""

        number: int
        name: str
        curve: Curve

    @dataclass
    class Ordered(Message):
        """A download was begun."""

        download: Download

    def __init__(self, threads: Threads, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._threads = threads
        self.name_of = ""
        self._number = 0
        self._repository: Repository | None = None
        self._variants: dict[str, Variant] = {}
        self._fits: Fits | None = None
        self._curves: dict[str, Curve] = {}
        self._problem = ""
        self._offered = (False, False)
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield what there is to say, the quantizations, and more about the chosen one."""
        yield Static(id="head", markup=False)
        yield Static(id="state", markup=False)
        with Container(id="body"):
            yield ModelTable(hub_rows.VARIANTS, self._cells, id="variants")
            yield TextPane(id="about")

    def enter(self) -> None:
        """Take the focus."""
        self.table.focus()

    def show(self, repo: str) -> None:
        """Show another repository, or the same one as it is now."""
        self._number += 1
        self.name_of = repo
        self._repository, self._variants, self._fits = None, {}, None
        self._curves, self._problem = {}, ""
        self.table.show(())
        self.query_one("#head", Static).update(Content.styled(one_line(repo), "bold"))
        self._say("asking the hub …")
        opening = partial(self._open, self._number, repo)
        self.background(opening, _same, group="repository", threads=self._threads)

    def _open(self, number: int, repo: str) -> Opened:
        if number != self._number:
            return self.Opened(number, None)
        try:
            return self.Opened(number, hub_work.repository(repo))
        except TermaiError as error:
            return self.Opened(number, None, str(error))

    def on_repository_pane_opened(self, message: Opened) -> None:
        """Show the quantizations, if this is still the repository to show."""
        if message.number != self._number:
            return
        repository = self._repository = message.repository
        if repository is None:
            self._say(message.problem, problem=True)
            return
        self._variants = {variant.name: variant for variant in repository.quantizations}
        self.query_one("#head", Static).update(hub_details.head(repository))
        self._say("" if self._variants else hub_details.NO_MODELS)
        self.table.show(tuple(self._variants))
        self._show_about()
        self._fit()

    def _fit(self) -> None:
        """Compute the fits: at once by the sizes, then by headers as the hub sends them."""
        repository = self._repository
        if repository is not None and self._variants:
            work = partial(self._tell_fits, self._number, repository)
            self.background(work, _same_fits, group="fits", threads=self._threads)

    def _tell_fits(self, number: int, repository: Repository) -> Fitted:
        """Announce fits as they are known, in a thread; return what was in the way of them."""

        def tell(fits: Fits) -> None:
            self.post_message(self.Fitted(number, fits))

        try:
            hub_work.fits(repository, lambda: number == self._number, tell)
        except TermaiError as error:
            return self.Fitted(number, None, str(error))
        return self.Fitted(number, None)

    def on_repository_pane_fitted(self, message: Fitted) -> None:
        """Take over the fits, and choose the best quantization unless another is chosen."""
        if message.number != self._number:
            return
        self._problem = message.problem or self._problem
        first, fits = self._fits is None, message.fits
        if fits is not None:
            self._fits = fits
            if first and fits.best and not self.table.cursor:
                self.table.select(fits.best)
        self.table.redraw()
        self._show_about()
        self._draw_curve()

    def _draw_curve(self) -> None:
        name = self.table.chosen
        header = self._fits.headers.get(name) if self._fits else None
        if header is not None and name not in self._curves:
            made = partial(self.Drawn, self._number, name)
            projector = self._fits.projector if self._fits else None
            drawing = partial(hub_work.curve, header, projector)
            self.background(drawing, made, group="curve", exclusive=True)

    def on_repository_pane_drawn(self, message: Drawn) -> None:
        """Show the curve if its quantization is still chosen."""
        if message.number == self._number:
            self._curves[message.name] = message.curve
            self._show_about()

    def _cells(self, identity: str) -> Sequence[Cell]:
        return hub_rows.variant_cells(self._variants[identity], self._fits)

    @property
    def chosen(self) -> Variant | None:
        """The quantization that is chosen."""
        return self._variants.get(self.table.chosen)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Say more about the chosen quantization; read its header once the cursor rests there."""
        event.stop()
        self._show_about(top=True)
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_S, self._draw_curve)

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Get the quantization."""
        event.stop()
        self.action_get()

    def _show_about(self, *, top: bool = False) -> None:
        self.query_one("#about", TextPane).show(self._about, top=top)
        offered = (self.chosen is not None, self.table.chosen in self._curves)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _about(self, width: int, height: int) -> Content:
        repository, variant = self._repository, self.chosen
        if repository is None or variant is None:
            return Content("")
        curve = self._curves.get(variant.name)
        return hub_details.about(
            repository, variant, self._fits, curve, self._problem, width, tall=height > _TALL
        )

    def _say(self, text: str, *, problem: bool = False) -> None:
        state = self.query_one("#state", Static)
        state.update(Content(one_line(text)))
        state.display = bool(text)
        state.set_class(problem, "-problem")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what needs a quantization, or its header."""
        if not self.is_mounted:
            return True
        if action == "get":
            return True if self.chosen is not None else None
        if action == "curve":
            return True if self.table.chosen in self._curves else None
        return True

    def action_get(self) -> None:
        """Download the chosen quantization."""
        repository, variant = self._repository, self.chosen
        if repository is not None and variant is not None:
            getting = partial(hub_work.get, repository, variant)
            self.background(getting, self.Ordered, group="get", threads=self._threads)

    def action_curve(self) -> None:
        """Draw the chosen quantization's curve large."""
        from termai.tui.screens.models_curve import CurveScreen

        fits, name = self._fits, self.table.chosen
        if fits is not None and name in self._curves:
            fit = fits.fits.get(name)
            title, advice = f"{self.name_of} {name}", fit.advice if fit else ""
            self.app.push_screen(CurveScreen(title, self._curves[name], advice))

    def action_again(self) -> None:
        """Ask the hub again."""
        self.show(self.name_of)


def _same(message: RepositoryPane.Opened) -> RepositoryPane.Opened:
    return message


def _same_fits(message: RepositoryPane.Fitted) -> RepositoryPane.Fitted:
    return message
