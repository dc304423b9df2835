"""A following log of any size: drawn from byte offsets, a screenful at a time."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from termai.tui import log_scan
from termai.tui.background import Background, program
from termai.tui.log_index import LogIndex, unchanged
from termai.tui.log_scan import Block, Extents

BUSY_POLL, QUIET_POLL = 0.1, 1.0  # seconds between looks at a log that grows, and one that rests
CACHED_STRIPS = 512
_LEVEL = re.compile(r"^(?:[\d.:]+ +)?(?P<level>[EW]) |^(?P<error>error|fatal)\b", re.IGNORECASE)


class LogView(ScrollView, Background, can_focus=True):
    """Shows one log file at its end, and stays there while ``following``.

    Moving up pauses; moving to the end, or ``follow``, goes on. Lines before the last MiB are
    found in the background. ``unseen`` is how many lines came since following stopped.
    """

    DEFAULT_CSS = """
    LogView { height: 1fr; background: $background; color: $foreground; scrollbar-size: 0 1; }
    LogView > .log--error { color: $text-error; text-style: bold; }
    LogView > .log--warning { color: $text-warning; }
    LogView > .log--ours { color: $text-accent; text-style: italic; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--error", "log--warning", "log--ours"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", id="log.down", show=False, tooltip="One line down."),
        Binding("k", "scroll_up", "Up", id="log.up", show=False, tooltip="One line up."),
    ]

    following: reactive[bool] = reactive(True)
    unseen: reactive[int] = reactive(0)

    @dataclass
    class Changed(Message):
        """The log grew, was read further back, or was replaced; pending ones are coalesced."""

        def can_replace(self, message: Message) -> bool:
            """Let the newest announcement stand for those not yet handled."""
            return isinstance(message, LogView.Changed)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._index: LogIndex | None = None
        self._first = 0
        self._seen_end = 0
        self._widest = 0
        self._strips: LRUCache[int, Strip] = LRUCache(CACHED_STRIPS)

    @property
    def path(self) -> Path | None:
        """The log that is shown."""
        return self._index.path if self._index else None

    def visible_text(self) -> str:
        """Return the lines in the window, whole."""
        top = self._first + self.scroll_offset.y
        index = self._index
        numbers = range(top, top + self.size.height) if index else ()
        return "\n".join(index.text(n) for n in numbers if index and n < index.end)

    def show(self, path: Path | None) -> None:
        """Show another log from its end, or none."""
        self.workers.cancel_node(self)
        self._replace(None)
        self.following = True
        if path is not None:
            self.flow(partial(self._follow, path), group="log")

    async def _follow(self, path: Path) -> None:
        """Read what is new for as long as this log is shown, and what is old when there is time."""
        threads = program(self).threads
        try:
            index = await threads.run(LogIndex, path)
        except FileNotFoundError:
            return
        self._replace(index)
        pause = BUSY_POLL
        while index is self._index:
            now = await threads.run(log_scan.extents, index.descriptor)
            if not unchanged(index.extents, now):
                index = await self._reopen(index)
                continue
            index.extents = now
            grew = await self._read_new(index, now)
            older = await self._read_back(index, now)
            if grew or older:
                self.post_message(self.Changed())
            pause = BUSY_POLL if grew else min(pause * 1.3, QUIET_POLL)
            await asyncio.sleep(0 if older else pause)

    async def _read_new(self, index: LogIndex, now: Extents) -> bool:
        if now.size <= index.read_to:
            return False
        blocks = await self._scan(
            partial(log_scan.forward, index.descriptor, index.read_to, now.size)
        )
        index.extend(blocks)
        return bool(blocks)

    async def _read_back(self, index: LogIndex, now: Extents) -> bool:
        if index.read_from <= 0:
            return False
        blocks = await self._scan(partial(log_scan.back, index.descriptor, index.read_from, now))
        return index.extend_back(blocks) > 0

    async def _scan(self, scan: partial[tuple[Block, ...]]) -> tuple[Block, ...]:
        return await program(self).threads.run(scan)

    async def _reopen(self, index: LogIndex) -> LogIndex:
        """Index a log anew whose middle was dropped, staying at the same place in it."""
        at = index.offset(self._first + self.scroll_offset.y)
        fresh = await program(self).threads.run(LogIndex, index.path)
        while at < fresh.read_from:
            blocks = await self._scan(
                partial(log_scan.back, fresh.descriptor, fresh.read_from, fresh.extents)
            )
            fresh.extend_back(blocks)
            if not blocks:
                break
        following = self.following
        self._replace(fresh)
        if not following:
            self.following = False
            self.scroll_to(y=fresh.number_at(at) - fresh.first, animate=False)
        return fresh

    def _replace(self, index: LogIndex | None) -> None:
        old, self._index = self._index, index
        if old is not None and old is not index:
            old.close()
        self._widest = 0
        self._first = index.first if index else 0
        self._seen_end = index.end if index else 0
        self._strips.clear()
        self.post_message(self.Changed())

    def on_log_view_changed(self, message: Changed) -> None:
        """Take over the lines that were found, keeping the place unless it is the end."""
        index = self._index
        if index is None:
            self.virtual_size = Size(0, 0)
            self.refresh()
            return
        added = self._first - index.first
        self._first = index.first
        self._strips.discard(self._seen_end - 1)  # it may have been unfinished
        self.unseen = 0 if self.following else self.unseen + index.end - self._seen_end
        self._seen_end = index.end
        self._resize()
        if self.following:
            self._to_end()
        elif added:
            self.scroll_to(y=self.scroll_y + added, animate=False, force=True)
        self.refresh()

    def _resize(self) -> None:
        index = self._index
        height = index.end - index.first if index else 0
        self.virtual_size = Size(self._widest, height)

    def _to_end(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        if self.following:
            self._to_end()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Pause when the reader moves up, go on when they reach the end."""
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and new_value < self.max_scroll_y:
            self.following = False
        elif new_value > old_value and new_value >= self.max_scroll_y:
            self.following = True

    def watch_following(self, following: bool) -> None:
        """Go to the end when following starts."""
        if following:
            self.unseen = 0
            if self.is_mounted:
                self._to_end()

    def notify_style_update(self) -> None:
        """Draw again in the new colours."""
        super().notify_style_update()
        self._strips.clear()

    def on_unmount(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        scroll_x, scroll_y = self.scroll_offset
        strip = self._strip(self._first + scroll_y + y)
        return strip.crop_extend(scroll_x, scroll_x + self.size.width, self.rich_style)

    def _strip(self, number: int) -> Strip:
        index = self._index
        if index is None or number >= index.end:
            return Strip.blank(0, self.rich_style)
        strip = self._strips.get(number)
        if strip is None:
            text = index.text(number)
            strip = Strip([Segment(text, self._style_of(text))])
            self._strips[number] = strip
            self._widen(strip.cell_length)
        return strip

    def _widen(self, width: int) -> None:
        if width > self._widest:
            self._widest = width
            self.call_after_refresh(self._resize)

    def _style_of(self, text: str) -> Style:
        found = _LEVEL.match(text)
        if text.startswith("termai:"):
            return self.get_component_rich_style("log--ours")
        if not found:
            return self.rich_style
        warning = (found["level"] or "").upper() == "W"
        return self.get_component_rich_style("log--warning" if warning else "log--error")
