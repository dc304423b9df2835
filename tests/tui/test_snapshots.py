"""What the modes look like at 80x24 and 120x40; run with --snapshot-update to accept changes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from tests.tui import scenes
from tests.tui.support import LARGE, SMALL, screen_text, until

SnapCompare = Callable[..., bool]
_SHOWN = {
    "environment": "fix: make run",
    "profiles": "comes with termai",
    "servers": "61 t/s",
}


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with scenes.machine(monkeypatch):
        yield


def program_in(mode: str, theme: str = "termai-dark") -> TermaiApp:
    settings.save(theme=theme)
    loaded = settings.load()
    return TermaiApp(lambda: Opening(mode), loaded)


def shown(mode: str) -> Callable[[Pilot[Any]], Any]:
    async def wait(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, TermaiApp)
        await until(pilot, lambda: app.current_mode == mode and _SHOWN[mode] in screen_text(app))
        if mode == "servers":  # the selected one has no process, whose number would differ
            await pilot.press("end")
            await until(pilot, lambda: "LOG moe" in screen_text(app))
        if mode == "environment" and app.size.width >= LARGE[0]:
            await until(pilot, lambda: "server qwen3-8b" in screen_text(app))
        await until(pilot, lambda: "RTX 4090" in screen_text(app) or "17.8/24G" in screen_text(app))

    return wait


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("mode", list(_SHOWN))
def test_modes(snap_compare: SnapCompare, mode: str, size: tuple[int, int]) -> None:
    assert snap_compare(program_in(mode), terminal_size=size, run_before=shown(mode))


@pytest.mark.parametrize("theme", ["termai-light", "high-contrast", "ansi"])
def test_themes(snap_compare: SnapCompare, theme: str) -> None:
    wait = shown("servers")
    assert snap_compare(program_in("servers", theme), terminal_size=SMALL, run_before=wait)


@pytest.mark.parametrize(
    ("keys", "says"),
    [(["question_mark"], "Servers run on"), (["f8"], "solarized-light"), (["s"], "Start which")],
    ids=["help", "themes", "start"],
)
def test_dialogs(snap_compare: SnapCompare, keys: list[str], says: str) -> None:
    async def press(pilot: Pilot[Any]) -> None:
        await shown("servers")(pilot)
        await pilot.press(*keys)
        app = pilot.app
        assert isinstance(app, TermaiApp)
        await until(pilot, lambda: says in screen_text(app))

    assert snap_compare(program_in("servers"), terminal_size=SMALL, run_before=press)
