"""The line above a conversation: whom one talks to, and how full the context is."""

from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from termai.text import one_line
from termai.tui import formats
from termai.tui.widgets.chat_text import steady

NEARLY_FULL = 0.8
BAR_CELLS = 6


@dataclass(frozen=True, slots=True)
class Context:
    """Tokens of the context that the last reply used, and the size of it (None: unknown)."""

    used: int | None = None
    size: int | None = None

    @property
    def fraction(self) -> float | None:
        """How full the context is (0 to 1), None when either number is unknown."""
        if self.used is None or not self.size:
            return None
        return min(1.0, self.used / self.size)

    @property
    def warns(self) -> bool:
        """Whether little room is left."""
        return (self.fraction or 0.0) > NEARLY_FULL

    def text(self) -> str:
        """Return such as ``ctx 1.9k/16k ▓░░░░░``, with a ``!`` when little room is left."""
        fraction = self.fraction
        if fraction is None:
            return f"ctx {formats.tokens(self.size)}" if self.size else ""
        numbers = f"{formats.tokens(self.used or 0)}/{formats.tokens(self.size or 0)}"
        mark = "! " if self.warns else ""
        return f"{mark}ctx {numbers} {formats.bar(fraction, BAR_CELLS)}"


class ChatHeader(Widget):
    """Server, title and the context meter, on one line that is cut to fit."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ChatHeader {
        height: 1;
        padding: 0 1;
        & > .header--server { color: $primary; text-style: bold; }
        & > .header--title { color: $text-muted; }
        & > .header--meter { color: $text-muted; }
        & > .header--warning { color: $text-warning; text-style: bold; }
    }
    """
    COMPONENT_CLASSES = {  # noqa: RUF012  Textual's own type
        "header--server",
        "header--title",
        "header--meter",
        "header--warning",
    }

    server: reactive[str] = reactive("")
    title: reactive[str] = reactive("")
    context: reactive[Context] = reactive(Context())

    def render_line(self, y: int) -> Strip:
        """Return the line: the meter keeps its place, the title gives way."""
        width = self.size.width
        meter = self.context.text()
        meter_style = self._style("warning" if self.context.warns else "meter")
        room = max(0, width - cell_len(meter) - 1)
        server = one_line(steady(self.server), 30) or "no server"
        title = one_line(steady(self.title))
        left = f"{server} · {title}" if title else server
        left = set_cell_size(left, room) if cell_len(left) <= room else _cut(left, room)
        split = min(len(server), len(left))
        segments = [
            Segment(left[:split], self._style("server")),
            Segment(left[split:], self._style("title")),
            Segment(" " if room else "", self.rich_style),
            Segment(meter, meter_style),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"header--{name}")


def _cut(text: str, cells: int) -> str:
    return set_cell_size(text, max(0, cells - 1)) + "…" if cells else ""
