"""The list of a profile's fields: rows under their groups, drawn as they come into the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from termai.tui.profile_fields import Field
from termai.tui.profile_lines import MARGIN, NAME, edit_width, heading

Draw = Callable[[Field, int], Content]
_STEP = "One step up or down: tokens double and halve, choices go round."
_GROUP = "The next group of options; Shift+Tab goes back."


class FieldList(ScrollView, can_focus=True):
    """Shows fields under the names of their groups; ``cursor`` is the place of the chosen one.

    draw: gives the line of a field for a width in cells. take_key: is called with each key and
    tells whether it took it, before any other key is looked at; see ``FieldForm``. step: is
    called for the next value of the chosen field (1) or the one before (-1).
    """

    DEFAULT_CSS = """
    FieldList { height: 1fr; background: $background; color: $foreground; scrollbar-size: 0 1; }
    FieldList > .fields--chosen { background: $row-background; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"fields--chosen"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", id="fields.down", show=False, tooltip="Next field."),
        Binding("up,k", "move(-1)", "Up", id="fields.up", show=False, tooltip="Field before."),
        Binding("pagedown", "page(1)", "Page", id="fields.next", show=False, tooltip="A page."),
        Binding("pageup", "page(-1)", "Page up", id="fields.back", show=False, tooltip="A page."),
        Binding("home", "first", "First", id="fields.home", show=False, tooltip="First field."),
        Binding("end", "last", "Last", id="fields.end", show=False, tooltip="Last field."),
        Binding("enter", "pick", "Edit", id="fields.edit", tooltip="Type or pick a value."),
        Binding("right", "step(1)", "Step", id="fields.more", key_display="←→", tooltip=_STEP),
        Binding("left", "step(-1)", "Less", id="fields.less", show=False, tooltip=_STEP),
        Binding("tab", "group(1)", "Next group", id="fields.group", show=False, tooltip=_GROUP),
        Binding(
            "shift+tab", "group(-1)", "Group before", id="fields.before", show=False, tooltip=_GROUP
        ),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Chosen(Message):
        """Another field, or none, is the chosen one now."""

        identity: str

    class Picked(Message):
        """The chosen field is to be edited: it was clicked on once more."""

    class Moved(Message):
        """The list was scrolled or resized, so that rows lie elsewhere."""

    def __init__(
        self, draw: Draw, take_key: Callable[[Key], bool], step: Callable[[int], None]
    ) -> None:
        super().__init__()
        self._draw, self._take_key, self._step = draw, take_key, step
        self._fields: tuple[Field, ...] = ()
        self._lines: tuple[Field | str, ...] = ()  # a group's name above its fields
        self._places: tuple[int, ...] = ()  # the line of each field
        self._said = ""

    @property
    def chosen(self) -> Field | None:
        """The chosen field."""
        return self._fields[self.cursor] if self.cursor < len(self._fields) else None

    def show(self, fields: Sequence[Field], choose: str = "") -> None:
        """Show these fields; ``choose`` or the one chosen before is the chosen one then."""
        keep = choose or (self.chosen.identity if self.chosen else "")
        lines: list[Field | str] = []
        for number, field in enumerate(fields):
            if not number or fields[number - 1].group != field.group:
                lines.append(field.group)
            lines.append(field)
        self._fields, self._lines = tuple(fields), tuple(lines)
        self._places = tuple(i for i, line in enumerate(lines) if isinstance(line, Field))
        self.virtual_size = Size(self.size.width, len(lines))
        names = [field.identity for field in fields]
        at = names.index(keep) if keep in names else min(self.cursor, max(0, len(names) - 1))
        self.set_reactive(FieldList.cursor, at)
        self._reveal()
        self._tell()
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a field."""
        return max(0, min(cursor, len(self._fields) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Bring the chosen field into the window; draw no more than the rows that changed."""
        top = self.scroll_offset.y
        self._reveal()
        if top == self.scroll_offset.y:
            for number in (before, now):
                self.redraw(number)
        else:
            self.refresh()
        self._tell()

    def redraw(self, number: int | None = None) -> None:
        """Draw the row of a field again, that of the chosen one if no other is named."""
        number = self.cursor if number is None else number
        if number < len(self._places):
            self.refresh_lines(self._places[number])

    def place_of_value(self) -> tuple[Offset, int] | None:
        """Return where in the widget the chosen field's value begins, and how wide it can be.

        None while its row is not in the window.
        """
        if self.chosen is None:
            return None
        line = self._places[self.cursor] - self.scroll_offset.y
        if not 0 <= line < self.size.height:
            return None
        return Offset(MARGIN + NAME + 1, line), edit_width(self._room)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that rows lie elsewhere now."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._lines))
        self._reveal()
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def on_key(self, event: Key) -> None:
        """Let the form have what begins to type, and what is typed already."""
        if self._take_key(event):
            event.stop()
            event.prevent_default()

    def on_click(self, event: Click) -> None:
        """Choose the field that was clicked on; a second click does what Enter does."""
        line = event.y + self.scroll_offset.y
        if line not in self._places:
            return
        number = self._places.index(line)
        if number == self.cursor:
            self.post_message(self.Picked())
        self.cursor = number

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by a window."""
        self.cursor += pages * max(1, self.size.height - 2)

    def action_pick(self) -> None:
        """Ask for the chosen field to be edited."""
        self.post_message(self.Picked())

    def action_step(self, by: int) -> None:
        """Ask for the next value of the chosen field."""
        self._step(by)

    def action_first(self) -> None:
        """Choose the first field."""
        self.cursor = 0

    def action_last(self) -> None:
        """Choose the last field."""
        self.cursor = len(self._fields) - 1

    def action_group(self, by: int) -> None:
        """Choose the first field of the next group, or of the one before; they go round."""
        firsts = [
            number
            for number, field in enumerate(self._fields)
            if not number or self._fields[number - 1].group != field.group
        ]
        if not firsts:
            return
        here = max(place for place, first in enumerate(firsts) if first <= self.cursor)
        self.cursor = firsts[(here + by) % len(firsts)]

    @property
    def _room(self) -> int:
        """Cells of a row beside the scroll bar."""
        return max(1, self.scrollable_content_region.width)

    def _tell(self) -> None:
        identity = self.chosen.identity if self.chosen else ""
        if identity != self._said:
            self._said = identity
            self.post_message(self.Chosen(identity))

    def _reveal(self) -> None:
        """Scroll until the chosen field is in the window, and a group's name right above it."""
        if not self._places or not self.size.height:
            return
        line = self._places[self.cursor]
        above = line - 1 if isinstance(self._lines[line - 1], str) else line
        top, height = self.scroll_offset.y, self.size.height
        if above < top or line >= top + height:
            region = Region(0, above, 1, line - above + 1)
            self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window: a group's name or a field."""
        width = self._room
        number = self.scroll_offset.y + y
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[number]
        if isinstance(line, str):
            return self._strip(heading(line, width), "")
        chosen = bool(self._places) and number == self._places[self.cursor]
        return self._strip(self._draw(line, width), "fields--chosen" if chosen else "")

    def _strip(self, content: Content, component: str) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        width = self._room
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False)
        strip = strips[0] if strips else Strip.blank(width)
        return strip.crop_extend(0, width, style.rich_style)
