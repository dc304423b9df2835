"""What the editor looks like: at three sizes, with a clash, while typing, with few colours."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from termai import settings
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from termai.tui.screens.profile_editor import ProfileEditor
from tests.tui import editor_scene
from tests.tui.support import SMALL, screen_text, until

SnapCompare = Callable[..., bool]
Steps = list[tuple[list[str], str]]

OPEN: Steps = [([], "needed/free|RTX 4090 5.0")]
STEPS: dict[str, Steps] = {
    "clash": [*OPEN, (["slash", *"flash", "enter", "escape", "left"], "✖*flash_attn")],
    "typing": [*OPEN, (["enter", *"16k"], " +")],
    "wrong": [*OPEN, (["enter", *"lots"], "expected a whole number")],
    "find": [*OPEN, (["slash", *"swap"], "found")],
    "leave": [*OPEN, (["right", "escape"], "Leave the editor")],
    "help": [*OPEN, (["question_mark"], "Escape closes")],
    "about": [*OPEN, (["slash", *"flash", "enter", "escape", "left", "i"], "Escape closes")],
    "blocked": [
        *OPEN,
        (["slash", *"args", "enter", "enter", *"--draft 5 --none 3", "enter"], "x Use"),
        (["escape", "s"], "cannot be started like this"),
    ],
    "choice": [*OPEN, (["slash", *"cache_type_k", "enter", "enter"], "iq4_nl")],
    "text": [*OPEN, (["slash", *"system_prompt", "enter", "enter", *"Be brief."], "Ctrl+S takes")],
}
SIZES = {"80x24": SMALL, "40x12": (40, 12), "120x40": (120, 40), "200x50": (200, 50)}


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with editor_scene.machine(monkeypatch):
        yield


def program(theme: str = "termai-dark") -> TermaiApp:
    settings.save(theme=theme)
    loaded = settings.load()
    return TermaiApp(lambda: Opening("profiles"), loaded)


def shown(steps: Steps) -> Callable[[Pilot[Any]], Any]:
    """Open the editor, press keys, and wait after each for what must be there; then for rest."""

    async def wait(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, TermaiApp)
        await until(pilot, lambda: app.current_mode == "profiles")
        await until(pilot, lambda: app.machine is not None)
        profile = editor_scene.saved(cache_type_k="q8_0", cache_type_v="q8_0", temperature=0.7)
        app.push_screen(ProfileEditor(profile, "ctx_size"))
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        for keys, text in steps:
            await pilot.press(*keys)
            await until(pilot, partial(_says, app, text), what=text)
        for line in app.screen.query(Input):
            line.cursor_blink = False
        for area in app.screen.query(TextArea):
            area.cursor_blink = False
        before = ""
        while (now := screen_text(app)) != before:
            before = now
            await pilot.pause(0.3)

    return wait


def _says(app: TermaiApp, text: str) -> bool:
    """Say whether one of the texts, parted by bars, is on the screen."""
    return any(part in screen_text(app) for part in text.split("|"))


@pytest.mark.parametrize("size", list(SIZES))
def test_sizes(snap_compare: SnapCompare, size: str) -> None:
    steps: Steps = [([], "4090")]
    assert snap_compare(program(), terminal_size=SIZES[size], run_before=shown(steps))


@pytest.mark.parametrize("name", list(STEPS))
def test_states(snap_compare: SnapCompare, name: str) -> None:
    assert snap_compare(program(), terminal_size=SMALL, run_before=shown(STEPS[name]))


@pytest.mark.parametrize("theme", ["ansi", "termai-light", "high-contrast"])
def test_themes(snap_compare: SnapCompare, theme: str) -> None:
    wait = shown(STEPS["clash"])
    assert snap_compare(program(theme), terminal_size=SMALL, run_before=wait)
