"""What every mode promises, whatever it shows."""

import pytest

from termai.tui.screens.base import ModeScreen
from termai.tui.screens.chat import ChatScreen
from termai.tui.screens.environment import EnvironmentScreen
from termai.tui.screens.models import ModelsScreen
from termai.tui.screens.profiles import ProfilesScreen
from termai.tui.screens.servers import ServersScreen
from tests.tui.support import opened

SCREENS = (EnvironmentScreen, ModelsScreen, ProfilesScreen, ServersScreen, ChatScreen)


@pytest.mark.parametrize("kind", SCREENS)
async def test_the_footer_may_ask_for_the_keys_before_the_mode_is_mounted(
    kind: type[ModeScreen],
) -> None:
    async with opened():
        assert kind().active_bindings == {}
