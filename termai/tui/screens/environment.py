"""The Environment mode."""

from termai.tui.screens.base import ModeScreen


class EnvironmentScreen(ModeScreen):
    """The Environment mode."""

    MODE = "environment"
