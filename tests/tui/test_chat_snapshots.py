"""What Chat looks like at 80x24 and 120x40; run with --snapshot-update to accept changes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.chat.messages import ReplyStats, Role, Status
from termai.chat.store import ChatStore
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from termai.tui.screens.chat import ChatScreen
from tests.tui import scenes
from tests.tui.support import LARGE, SMALL, screen_text, until

SnapCompare = Callable[..., bool]
QUESTION = "Why does my container not see the GPU?"
ANSWER = """The runtime is missing. Install the **NVIDIA Container Toolkit**, then:

```sh
sudo nvidia-ctk runtime configure --runtime=docker
```

| check | says |
|---|---|
| `nvidia-smi` | the driver works |
"""
MEASURED = ReplyStats(812, 214, 0.21, 61.2, 14_026, 16_384, 120, 4.2)


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ChatStore() as store:
        for title in ("Rust lifetimes", "Haiku"):
            store.create(title)
        conversation = store.create("Docker on arm").id
        asked = store.add(conversation, None, Role.USER, QUESTION)
        told = store.add(
            conversation,
            asked.id,
            Role.ASSISTANT,
            ANSWER,
            reasoning="The container runtime decides which devices are seen.",
            stats=MEASURED,
            model="qwen3-8b",
        )
        more = store.add(conversation, told.id, Role.USER, "and on Podman?")
        store.add(
            conversation,
            more.id,
            Role.ASSISTANT,
            "With Podman",
            status=Status.FAILED,
            model="qwen3-8b",
            error="qwen3-8b broke off in the middle of its answer.",
        )
    with scenes.machine(monkeypatch):
        yield


def program_in_chat(theme: str) -> TermaiApp:
    settings.save(theme=theme)
    return TermaiApp(lambda: Opening("chat"), settings.load())


async def shown(pilot: Pilot[Any]) -> None:
    app = pilot.app
    assert isinstance(app, TermaiApp)
    await until(pilot, lambda: app.current_mode == "chat" and "Podman" in screen_text(app))
    await until(pilot, lambda: "RTX 4090" in screen_text(app) or "17.8/24G" in screen_text(app))
    screen = app.screen
    assert isinstance(screen, ChatScreen)
    await until(pilot, lambda: screen.server is not None)
    await pilot.pause()


async def thoughts_shown(pilot: Pilot[Any]) -> None:
    await shown(pilot)
    await pilot.press("ctrl+o", "ctrl+l")
    await pilot.pause()


@pytest.mark.parametrize("theme", ["termai-dark", "ansi", "high-contrast"])
def test_a_conversation_at_80_columns(snap_compare: SnapCompare, theme: str) -> None:
    assert snap_compare(program_in_chat(theme), terminal_size=SMALL, run_before=shown)


def test_a_conversation_beside_the_list(snap_compare: SnapCompare) -> None:
    app = program_in_chat("termai-light")
    assert snap_compare(app, terminal_size=LARGE, run_before=thoughts_shown)


def test_the_list_at_80_columns(snap_compare: SnapCompare) -> None:
    app = program_in_chat("termai-dark")
    assert snap_compare(app, terminal_size=SMALL, run_before=thoughts_shown)
