"""The fit curve of a model: memory against context for each KV cache type, drawn and in numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label, Static

from termai.text import one_line
from termai.tui import fit_chart

if TYPE_CHECKING:
    from termai.models.fit import Curve


class CurveChart(Widget):
    """Draws a curve for the room that it has."""

    def __init__(
        self,
        curve: Curve,
        draw: Callable[[Curve, int, int], Content],
        *,
        id: str,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._curve, self._draw = curve, draw

    def render(self) -> Content:
        """Return the lines."""
        return self._draw(self._curve, max(1, self.size.width), max(1, self.size.height))


class CurveScreen(ModalScreen[None]):
    """Draws a curve as large as there is room, its numbers below, and what to make of it."""

    DEFAULT_CSS = """
    CurveScreen { align: center middle; }
    CurveScreen > Vertical {
        width: 100%; max-width: 100; height: 100%; max-height: 36;
        border: round $primary; background: $surface; padding: 0 1;
    }
    CurveScreen #chart { height: 1fr; }
    CurveScreen #table { height: 4; }
    CurveScreen #advice { height: auto; max-height: 3; }
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
            yield CurveChart(self._curve, fit_chart.drawing, id="chart")
            yield CurveChart(self._curve, _table, id="table")
            yield Static(self._advice, id="advice", markup=False)
            yield Label(Content("Escape closes"))


def _table(curve: Curve, width: int, height: int) -> Content:
    return fit_chart.table(curve, width)
