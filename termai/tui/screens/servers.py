"""The Servers mode."""

from termai.tui.screens.base import ModeScreen


class ServersScreen(ModeScreen):
    """The Servers mode."""

    MODE = "servers"
