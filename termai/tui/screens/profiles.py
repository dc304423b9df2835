"""The Profiles mode."""

from termai.tui.screens.base import ModeScreen


class ProfilesScreen(ModeScreen):
    """The Profiles mode."""

    MODE = "profiles"
