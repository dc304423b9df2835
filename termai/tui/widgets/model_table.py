"""A table of any length: only the rows in the window are drawn, and the chosen one stays chosen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from termai.tui import icons
from termai.tui.columns import Cell, Column, fitted, line

Cells = Callable[[str], Sequence[Cell]]
_MARGIN = 2  # cells before each row; the chosen one has its sign there
_HEAD = 1  # the line with the titles, which stays while the rows move


class ModelTable(ScrollView, can_focus=True):
    """Shows rows by their identities; ``cells`` gives what stands in the columns of each.

    ``cursor`` is the place of the chosen row. Rows are drawn when they come into the window,
    so that showing thousands costs no more than showing twenty.
    """

    DEFAULT_CSS = """
    ModelTable { height: 1fr; background: $background; color: $foreground; scrollbar-size: 0 1; }
    ModelTable > .table--head { color: $muted; text-style: underline; }
    ModelTable > .table--chosen { background: $row-background; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", id="table.down", show=False, tooltip="Next row."),
        Binding("up,k", "move(-1)", "Up", id="table.up", show=False, tooltip="Row before."),
        Binding("pagedown", "page(1)", "Page down", id="table.next", show=False, tooltip="A page."),
        Binding("pageup", "page(-1)", "Page up", id="table.back", show=False, tooltip="A page."),
        Binding("home", "first", "First", id="table.home", show=False, tooltip="The first row."),
        Binding("end", "last", "Last", id="table.end", show=False, tooltip="The last row."),
        Binding("enter", "pick", "Choose", id="table.pick", show=False, tooltip="Use the row."),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Chosen(Message):
        """Another row, or none, is the chosen one now."""

        table: ModelTable
        identity: str

        @property
        def control(self) -> ModelTable:
            """The table, for handlers of one of several."""
            return self.table

    @dataclass
    class Picked(Message):
        """Enter was pressed on a row, or the chosen one was clicked on."""

        table: ModelTable
        identity: str

        @property
        def control(self) -> ModelTable:
            """The table, for handlers of one of several."""
            return self.table

    @dataclass
    class Moved(Message):
        """Other rows are in the window now; pending ones are coalesced."""

        table: ModelTable

        def can_replace(self, message: Message) -> bool:
            """Let the newest announcement stand for those not yet handled."""
            return isinstance(message, ModelTable.Moved) and message.table is self.table

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Cells,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cells = cells
        self._rows: tuple[str, ...] = ()
        self._wanted = ""
        self._said = ""

    @property
    def chosen(self) -> str:
        """The identity of the chosen row, empty when there is none."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else ""

    @property
    def window(self) -> tuple[str, ...]:
        """The identities of the rows in the window."""
        top = self.scroll_offset.y
        return self._rows[top : top + max(0, self.size.height - _HEAD)]

    def show(self, rows: Sequence[str]) -> None:
        """Show these rows; the chosen one stays chosen, else the one that takes its place."""
        keep = self._wanted if self._wanted in rows else self.chosen
        self._rows = tuple(rows)
        self._wanted = "" if keep == self._wanted else self._wanted
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEAD)
        most = max(0, len(self._rows) - 1)
        self.cursor = self._rows.index(keep) if keep in self._rows else min(self.cursor, most)
        self._changed()

    def select(self, identity: str) -> None:
        """Choose a row, now or as soon as it is there."""
        if identity in self._rows:
            self._wanted = ""
            self.cursor = self._rows.index(identity)
        else:
            self._wanted = identity

    def redraw(self, rows: Collection[str] | None = None) -> None:
        """Draw rows in the window again, all or some, after what the cells say has changed."""
        if rows is None:
            self.refresh()
            return
        for place, identity in enumerate(self.window, self.scroll_offset.y + _HEAD):
            if identity in rows:
                self.refresh_lines(place)

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Bring the chosen row into the window; draw no more than the rows that changed."""
        top = self.scroll_offset.y
        self._reveal()
        if top == self.scroll_offset.y:
            for row in (before, now):
                self.refresh_lines(row + _HEAD)
            self._tell()
        else:
            self._changed()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell which rows can be seen now."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved(self))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEAD)
        self._reveal()
        self.post_message(self.Moved(self))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Choose the row that was clicked on; only a second click does what Enter does."""
        row = event.y - _HEAD + self.scroll_offset.y
        if event.y < _HEAD or row >= len(self._rows):
            return
        if row == self.cursor:
            self.action_pick()
        self.cursor = row

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by a window."""
        self.cursor += pages * max(1, self.size.height - _HEAD - 1)

    def action_first(self) -> None:
        """Choose the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Choose the last row."""
        self.cursor = len(self._rows) - 1

    def action_pick(self) -> None:
        """Announce that the chosen row is to be used."""
        if self.chosen:
            self.post_message(self.Picked(self, self.chosen))

    def _changed(self) -> None:
        self._tell()
        self.post_message(self.Moved(self))
        self.refresh()

    def _tell(self) -> None:
        if self.chosen != self._said:
            self._said = self.chosen
            self.post_message(self.Chosen(self, self.chosen))

    def _reveal(self) -> None:
        height = max(1, self.size.height - _HEAD)
        top = self.scroll_offset.y
        if self.cursor < top or self.cursor >= top + height:
            region = Region(0, self.cursor, 1, 1 + _HEAD)
            self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window: the titles, then rows."""
        width = self.size.width
        places = fitted(self._columns, max(1, width - _MARGIN - 1))
        if y < _HEAD:
            head = line(places, [column.title for column in self._columns])
            return self._strip(Content(" " * _MARGIN) + head, "table--head")
        row = self.scroll_offset.y + y - _HEAD
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        chosen = row == self.cursor
        sign = Content.styled(f"{icons.sign('chosen')} ", "$primary bold" if self.has_focus else "")
        lead = sign if chosen else Content(" " * _MARGIN)
        drawn = line(places, self._cells(self._rows[row]))
        return self._strip(lead + drawn, "table--chosen" if chosen else "")

    def _strip(self, content: Content, component: str) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        width = self.size.width
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False)
        strip = strips[0] if strips else Strip.blank(width)
        return strip.crop_extend(0, width, style.rich_style)
