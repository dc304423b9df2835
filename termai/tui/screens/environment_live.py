"""The machine over the whole screen, for terminals that have no room for it beside the findings."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from termai.tui import environment_actions
from termai.tui.background import Background, program
from termai.tui.widgets.environment_live import LivePane

_STOP = "Stop a server that holds GPU memory, after asking."


class LiveScreen(ModalScreen[None], Background):
    """Shows every measure of the machine until it is closed."""

    DEFAULT_CSS = """
    LiveScreen > Vertical {
        width: 100%; height: 1fr; border: round $primary; background: $background;
    }
    LiveScreen LivePane { max-height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,m,q", "dismiss", "Close", id="live.close", tooltip="Back."),
        Binding("x", "stop", "Stop a server", id="live.stop", tooltip=_STOP),
    ]

    def compose(self) -> ComposeResult:
        """Yield the machine and the keys."""
        with Vertical() as box:
            box.border_title = "This machine"
            yield LivePane()
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(LivePane).focus()

    def action_stop(self) -> None:
        """Stop a server that holds GPU memory, after asking."""
        self.flow(partial(environment_actions.free_memory, program(self)), group="stop")

    def on_screen_resume(self) -> None:
        self.query_one(LivePane).follow()
