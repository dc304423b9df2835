"""The machine whole and live: every measure with its last minutes, and who holds GPU memory."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from termai.tui import environment_machine, work
from termai.tui.background import Background, program
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from textual.events import Show

    from termai.hardware.holders import Holder

HOLDERS_S = 5.0  # between two looks at who holds the memory, which asks about many processes


class LivePane(TextPane, Background):
    """Follows the program's snapshots while it is to be seen."""

    @dataclass
    class Held(Message):
        """Who holds the memory of the GPUs was read."""

        holders: tuple[Holder, ...]

    def on_mount(self) -> None:
        self._holders: tuple[Holder, ...] = ()
        self._held_at = 0.0
        self.watch(program(self), "machine", self.follow)

    def on_show(self, event: Show) -> None:
        self.follow()

    def follow(self) -> None:
        """Show the last snapshot; nothing is drawn or read where nobody sees it."""
        shot = program(self).machine
        if shot is None or not self.screen.is_current or not self.is_on_screen:
            return
        holders = self._holders

        def draw(width: int, _: int) -> Content:
            lines = environment_machine.full(shot, work.history, holders, width - 2)
            return Content("\n").join(Content(" ") + line for line in lines)

        self.styles.height = draw(80, 0).plain.count("\n") + 1
        self.show(draw)
        if shot.gpus and monotonic() - self._held_at > HOLDERS_S:
            self._held_at = monotonic()
            self.background(work.holders, self.Held, group="holders", exclusive=True)

    def on_live_pane_held(self, message: Held) -> None:
        """Show who holds the memory, if that has changed."""
        message.stop()
        if message.holders != self._holders:
            self._holders = message.holders
            self.follow()
