"""Markdown drawn once into strips, block by block, so that a growing reply stays cheap."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from io import StringIO
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme
from textual.cache import LRUCache
from textual.strip import Strip

from termai.tui.widgets.chat_tokens import Block, parse, split

HIGHLIGHT_LIMIT = 20_000
"""Characters of a code block above which it is drawn in one colour."""

_CACHED_BLOCKS = 256
_CODE = ("fence", "code_block")


@dataclass(frozen=True, slots=True)
class Palette:
    """The styles of a conversation, each taken from the theme."""

    heading: Style
    code: Style
    quote: Style
    link: Style
    muted: Style
    dark: bool = True


class _LeftHeading(Heading):
    LEVEL_ALIGN: ClassVar = {f"h{level}": "left" for level in range(1, 7)}


class _Code(CodeBlock):
    """A code block without blank lines around it, so that its parts can be drawn one by one."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = str(self.text).rstrip("\n")
        lexer = self.lexer_name if len(code) <= HIGHLIGHT_LIMIT else "text"
        text = Syntax(code, lexer, theme=self.theme).highlight(code)
        text.rstrip()
        text.style = ""
        text.no_wrap = False
        text.overflow = "fold"
        yield Padding(text, (0, 1, 0, 2), style=console.get_style("markdown.code_block"))


class _Markdown(Markdown):
    """Rich's Markdown over tokens in which links and HTML are already plain words."""

    inlines = {*Markdown.inlines, "a"}  # noqa: RUF012 - as in the base class
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _LeftHeading,
        "fence": _Code,
        "code_block": _Code,
    }

    def __init__(self, text: str, code_theme: str) -> None:
        super().__init__("", code_theme=code_theme, hyperlinks=False)
        self.parsed = parse(text)


class Renderer:
    """Draw text and Markdown with one palette; drawn blocks are remembered by source and width."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self._blocks: LRUCache[tuple[str, int], list[Strip]] = LRUCache(_CACHED_BLOCKS)

    def markdown(self, text: str, width: int, *, passing: bool = False) -> list[Strip]:
        """Return the strips of steady Markdown ``text`` at ``width`` cells.

        ``passing`` text will have changed by the next time and is not remembered.
        """
        document = split(text)
        if document.linked:
            return self._block(Block(text, "document"), width, passing)
        strips: list[Strip] = []
        for block in document.blocks:
            if strips:
                strips.append(Strip.blank(width))
            strips.extend(self._block(block, width, passing))
        return strips

    def _block(self, block: Block, width: int, passing: bool) -> list[Strip]:
        key = (block.source, width)
        strips = self._blocks.get(key)
        if strips is None:
            strips = self._draw_markdown(block, width)
            if not passing:
                self._blocks[key] = strips
        return strips

    def plain(self, text: str, width: int, style: Style | None = None) -> list[Strip]:
        """Return steady ``text`` as it is, wrapped at words to ``width`` cells."""
        return self._draw(Text(text, style or Style(), overflow="fold"), width)

    def _draw_markdown(self, block: Block, width: int) -> list[Strip]:
        theme = "ansi_dark" if self.palette.dark else "ansi_light"
        try:
            strips = self._draw(_Markdown(block.source, theme), width)
        except Exception:  # noqa: BLE001  a model's text never takes the program down
            return self.plain(block.source, width)
        return strips if block.kind in _CODE else _trimmed(strips)

    def _draw(self, renderable: RenderableType, width: int) -> list[Strip]:
        width = max(width, 1)
        options = self._console.options.update(width=width, height=None)
        lines = self._console.render_lines(renderable, options, pad=True)
        return [Strip(_without_links(line), width) for line in lines]

    @cached_property
    def _console(self) -> Console:
        return Console(
            file=StringIO(),
            force_terminal=True,
            color_system="truecolor",
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            theme=_theme(self.palette),
        )


@lru_cache(maxsize=8)
def renderer(palette: Palette) -> Renderer:
    """Return the renderer that every message with this palette shares."""
    return Renderer(palette)


def _trimmed(strips: list[Strip]) -> list[Strip]:
    """Return ``strips`` without blank lines at either end."""
    inked = [y for y, strip in enumerate(strips) if strip.text.strip()]
    return strips[inked[0] : inked[-1] + 1] if inked else []


def _without_links(line: list[Segment]) -> list[Segment]:
    return [
        Segment(text, style.update_link(None) if style and style.link else style)
        for text, style, _ in line
    ]


def _theme(palette: Palette) -> Theme:
    bold = Style(bold=True)
    styles = {f"markdown.h{level}": palette.heading + bold for level in range(1, 7)}
    styles["markdown.h1"] += Style(underline=True)
    return Theme(
        {
            **styles,
            "markdown.a": palette.link + Style(underline=True),
            "markdown.code": palette.code,
            "markdown.code_block": palette.code,
            "markdown.block_quote": palette.quote,
            "markdown.item.bullet": palette.heading,
            "markdown.item.number": palette.heading,
            "markdown.hr": palette.muted,
            "markdown.table.border": palette.muted,
            "markdown.table.header": bold,
        }
    )
