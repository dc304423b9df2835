"""One message of a conversation: a single widget, however long it is, live or finished."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from termai.text import one_line
from termai.tui import icons
from termai.tui.widgets.chat_live import LiveMarkdown
from termai.tui.widgets.chat_markdown import Palette, Renderer, renderer
from termai.tui.widgets.chat_selection import extract, highlight
from termai.tui.widgets.chat_text import SteadyStream, steady


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message view shows; all text is raw and made safe when it is drawn.

    who: label, such as "you" or the model's name.
    plain: whether the content is shown as it is (a person's) or as Markdown (a model's).
    thought: one line about the reasoning, such as "thought for 4 s (120 tokens)".
    note: what went wrong and which key helps, empty when nothing did.
    stats: one line of measurements.
    live: whether more text is coming.
    """

    who: str
    content: str
    plain: bool = False
    reasoning: str = ""
    thought: str = ""
    note: str = ""
    stats: str = ""
    live: bool = False


class MessageView(Widget):
    """Draw one message as strips: a label with the folded thoughts, the text, measurements.

    Finished text is drawn once per width. Text that is still arriving is drawn from its last
    open block on. The text can be selected with the mouse.
    """

    DEFAULT_CSS = """
    MessageView {
        height: auto;
        width: 1fr;
        padding: 0 1 0 1;
        &.-chosen { border-left: thick $accent; padding: 0 1 0 0; }
        & > .message--you { color: $accent; text-style: bold; }
        & > .message--model { color: $primary; text-style: bold; }
        & > .message--heading { color: $primary; }
        & > .message--code { color: $foreground; background: $surface; }
        & > .message--quote { color: $text-muted; text-style: italic; }
        & > .message--link { color: $text-primary; }
        & > .message--muted { color: $text-muted; }
        & > .message--note { color: $text-warning; }
    }
    """
    COMPONENT_CLASSES: ClassVar = {
        "message--you",
        "message--model",
        "message--heading",
        "message--code",
        "message--quote",
        "message--link",
        "message--muted",
        "message--note",
    }
    ALLOW_SELECT = True

    class ThoughtToggled(Message):
        """The thoughts of a message were opened or folded."""

    def __init__(self, shown: Shown, *, key: int = 0, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shown = shown
        self.key = key
        self.thought_open = False
        self._strips: list[Strip] | None = None
        self._width = 0
        self._content = SteadyStream()
        self._live: LiveMarkdown | None = None

    def show(self, shown: Shown) -> None:
        """Replace what is shown; cheap for a live message whose content only grew."""
        before = self._strips
        earlier, self.shown = self.shown, shown
        grows = earlier.live and shown.live and shown.content.startswith(earlier.content)
        if not grows:
            self._live = None
            self._content = SteadyStream()
        self._strips = None
        if before is None or not self._width:
            self.refresh(layout=True)
            return
        self._refresh_changed(len(before), before)

    def toggle_thought(self) -> bool:
        """Open or fold the reasoning; return False when there is none."""
        if not self.shown.reasoning:
            return False
        self.thought_open = not self.thought_open
        self._strips = None
        self.refresh(layout=True)
        self.post_message(self.ThoughtToggled())
        return True

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines at ``width`` cells, the blank line below included."""
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` in the colours of the widget, with the selected part marked."""
        width = self.size.width
        strips = self._lines(width)
        base = self.rich_style
        strip = strips[y] if y < len(strips) else Strip.blank(width)
        strip = strip.adjust_cell_length(width).apply_style(base)
        selection = self.text_selection
        if selection is not None:
            marked = self.screen.get_component_rich_style("screen--selection", partial=True)
            strip = highlight(strip, selection.get_span(y), marked)
        return strip.apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text as it is drawn."""
        return extract(selection, [s.text.rstrip() for s in self._lines(self.size.width)]), "\n"

    def notify_style_update(self) -> None:
        """Draw again: the theme or the colours changed."""
        super().notify_style_update()
        self._strips = None
        self._live = None

    def on_click(self, event: events.Click) -> None:
        """Open or fold the thoughts when their line is clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0 and self.toggle_thought():
            event.stop()

    def _refresh_changed(self, height: int, before: list[Strip]) -> None:
        after = self._lines(self._width)
        if len(after) != height:
            self.refresh(layout=True)
            return
        rows = [y for y, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new]
        if rows:
            top = rows[0]
            self.refresh(Region(0, top, self._width + self.gutter.width, rows[-1] - top + 1))

    def _lines(self, width: int) -> list[Strip]:
        if self._strips is None or self._width != width:
            if self._width != width:
                self._live = None
            self._width = width
            self._strips = list(self._sections(width))
        return self._strips

    def _sections(self, width: int) -> Iterator[Strip]:
        shown = self.shown
        draw = renderer(self._palette())
        muted = draw.palette.muted
        yield self._label(width, muted)
        if shown.reasoning and self.thought_open:
            yield from draw.plain(steady(shown.reasoning).strip(), width, muted)
            yield Strip.blank(width)
        elif shown.live and shown.reasoning and not shown.content:
            yield from draw.plain(_tail(shown.reasoning, width), width, muted)
        yield from self._body(draw, width)
        if shown.note:
            note = self._component("message--note")
            yield from draw.plain(steady(shown.note), width, note)
        if shown.stats:
            stats = one_line(shown.stats, width)
            yield Strip([Segment(" " * (width - len(stats))), Segment(stats, muted)])
        yield Strip.blank(width)

    def _body(self, draw: Renderer, width: int) -> list[Strip]:
        shown = self.shown
        if shown.live and not shown.plain:
            text = self._content.update(shown.content)
            if self._live is None:
                self._live = LiveMarkdown(draw, width)
            return self._live.update(text)
        text = steady(shown.content).strip("\n")
        if not text:
            return []
        return draw.plain(text, width) if shown.plain else draw.markdown(text, width)

    def _label(self, width: int, muted: Style) -> Strip:
        name = "message--you" if self.shown.plain else "message--model"
        segments = [Segment(one_line(self.shown.who, 40), self._component(name))]
        if self.shown.thought:
            folded, unfolded = "+-" if icons.plain() else "▸▾"
            mark = unfolded if self.thought_open else folded
            segments.append(Segment(f" {mark} {one_line(self.shown.thought)}", muted))
        return Strip(segments).adjust_cell_length(width)

    def _palette(self) -> Palette:
        return Palette(
            heading=self._component("message--heading"),
            code=self._component("message--code"),
            quote=self._component("message--quote"),
            link=self._component("message--link"),
            muted=self._component("message--muted"),
            dark=self.app.current_theme.dark,
        )

    def _component(self, name: str) -> Style:
        style = self.get_component_rich_style(name)
        if name == "message--code":
            return style
        return Style(color=style.color, bold=style.bold, italic=style.italic, dim=style.dim)


def _tail(text: str, width: int) -> str:
    """Return the last ``width`` cells of ``text`` on one line."""
    line = one_line(steady(text[-4 * width :]))
    return line if len(line) <= width else "…" + line[1 - width :]
