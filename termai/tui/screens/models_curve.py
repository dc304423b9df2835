"""The fit curve of a model: memory against context for each KV cache type, drawn and in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.text import one_line
from termai.tui import fit_chart

if TYPE_CHECKING:
    from termai.models.fit import Curve


class CurveScreen(ModalScreen[None]):
    """Draws a curve as large as there is room, its numbers below, and what to make of it."""

    DEFAULT_CSS = """
    CurveScreen { align: center middle; }
    CurveScreen > Vertical {
        width: 100%; max-width: 100; height: 100%; max-height: 36;
        border: round $primary; background: $surface; padding: 0 1;
    }
    CurveScreen #chart { height: 1fr; }
    CurveScreen #table, CurveScreen #advice { height: auto; }
    CurveScreen Label { color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,v,enter", "dismiss", "Close", id="curve.close", tooltip="Back."),
    ]

    def __init__(self, name: str, curve: Curve, advice: str = "") -> None:
        super().__init__()
        self._name, self._curve, self._advice = one_line(name), curve, one_line(advice)

    def compose(self) -> ComposeResult:
        """Yield drawing, numbers, and advice."""
        with Vertical() as box:
            box.border_title = Content(f"Memory against context: {self._name}")
            yield Static(id="chart", markup=False)
            yield Static(id="table", markup=False)
            yield Static(self._advice, id="advice", markup=False)
            yield Label(Content("Escape closes"))

    def on_mount(self) -> None:
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        chart, table = self.query_one("#chart", Static), self.query_one("#table", Static)
        width, height = chart.size
        if width:
            chart.update(fit_chart.drawing(self._curve, width, height))
            table.update(fit_chart.table(self._curve, width))
