"""The top line of every mode: the modes, the one you are in, and the machine."""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.widget import Widget

from termai.tui import status
from termai.tui.background import program

TABS = {
    "environment": ("F1", "Env"),
    "models": ("F2", "Models"),
    "profiles": ("F3", "Profiles"),
    "servers": ("F4", "Servers"),
    "chat": ("F5", "Chat"),
}

HERE = "$block-cursor-foreground on $block-cursor-background"


class ModeBar(Widget):
    """Draw the modes on the left and as much of the machine as fits on the right."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ModeBar { height: 1; dock: top; background: $panel; color: $foreground; }
    """

    facts: reactive[tuple[status.Fact, ...]] = reactive(())

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def on_mount(self) -> None:
        app = program(self)
        self.watch(app, "machine", self._look, init=False)
        self.watch(app, "rate", self._look, init=False)
        self.watch(app, "servers", self._look)

    def _look(self) -> None:
        app = program(self)
        self.facts = status.facts(app.machine, app.servers, app.rate)

    def render(self) -> Content:
        """Return the line; the facts that do not fit are left out, the least important first."""
        tabs = Content("").join(self._tab(mode) for mode in TABS)
        facts = status.fitted(self.facts, self.size.width - tabs.cell_length - 2)
        machine = Content(" ").join(Content.styled(f.text, f.style) for f in facts)
        gap = max(1, self.size.width - tabs.cell_length - machine.cell_length - 1)
        return Content.assemble(tabs, " " * gap, machine)

    def on_click(self, event: Click) -> None:
        """Go to the mode that was clicked on."""
        end = 0
        for mode in TABS:
            end += self._tab(mode).cell_length
            if event.x < end:
                program(self).action_mode(mode)
                return

    def _tab(self, mode: str) -> Content:
        key, title = TABS[mode]
        style = HERE if mode == self.mode else ""
        return Content.assemble((" ", style), (key, f"{style} bold"), (f" {title} ", style))
