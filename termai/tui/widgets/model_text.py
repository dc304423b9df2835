"""A text beside or below a list, of which only the lines that differ are drawn anew."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Draw = Callable[[int, int], Content]


class TextPane(ScrollView, can_focus=True):
    """Shows what a function of width and height returns; the text scrolls where it is longer.

    On a slow link a cursor that moves in the list costs no more than what it changes here.
    """

    DEFAULT_CSS = """
    TextPane {
        background: $background; color: $foreground;
        scrollbar-size: 0 1; scrollbar-gutter: stable;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draw: Draw = _nothing
        self._strips: list[Strip] = []

    def show(self, draw: Draw, *, top: bool = False) -> None:
        """Show another text; ``top`` goes to its beginning."""
        self._draw = draw
        if top and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self._render_text()

    def on_resize(self) -> None:
        self._render_text()

    def notify_style_update(self) -> None:
        """Draw again in the new colours."""
        super().notify_style_update()
        self._render_text()

    def _render_text(self) -> None:
        width, height = self.scrollable_content_region.size
        if not width:
            return
        content = self._draw(width, height)
        before = self._strips
        self._strips = Visual.to_strips(
            self, content, width, None, self.visual_style, apply_selection=False, pad=True
        )
        self.virtual_size = Size(width, max(height, len(self._strips)))
        for line in range(max(len(before), len(self._strips))):
            if before[line : line + 1] != self._strips[line : line + 1]:
                self.refresh_lines(line)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        number = self.scroll_offset.y + y
        if number >= len(self._strips):
            return Strip.blank(self.size.width, self.rich_style)
        return self._strips[number].crop_extend(0, self.size.width, self.rich_style)


def _nothing(width: int, height: int) -> Content:
    return Content("")
