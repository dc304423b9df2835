"""The Models mode."""

from termai.tui.screens.base import ModeScreen


class ModelsScreen(ModeScreen):
    """The Models mode."""

    MODE = "models"
