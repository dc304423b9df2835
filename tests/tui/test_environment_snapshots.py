"""What Environment looks like, from 40x12 to 200x50."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from tests.tui import scenes
from tests.tui.support import SMALL, screen_text, until

SnapCompare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with scenes.machine(monkeypatch):
        yield


def environment(theme: str = "termai-dark") -> TermaiApp:
    settings.save(theme=theme)
    loaded = settings.load()
    return TermaiApp(lambda: Opening("environment"), loaded)


def shown(*keys: str, says: str = "") -> Callable[[Pilot[Any]], Any]:
    async def wait(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, TermaiApp)
        await until(pilot, lambda: app.machine is not None and bool(app.servers), what="the GPU")
        await until(pilot, lambda: "1 problem" in screen_text(app))
        await until(pilot, lambda: "looking" not in screen_text(app))
        await pilot.press(*keys)
        await until(pilot, lambda: says in screen_text(app), what=says)
        before = ""
        while (now := screen_text(app)) != before:
            before = now
            await pilot.pause(0.3)

    return wait


@pytest.mark.parametrize("size", [(40, 12), (200, 50)], ids=["40x12", "200x50"])
def test_sizes(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(environment(), terminal_size=size, run_before=shown())


def test_sixteen_colours(snap_compare: SnapCompare) -> None:
    assert snap_compare(environment("ansi"), terminal_size=SMALL, run_before=shown())


@pytest.mark.parametrize(
    ("keys", "says"),
    [(["end", "enter"], "No AMD GPU"), (["down", "f"], "Enter, n: no")],
    ids=["opened", "run"],
)
def test_states(snap_compare: SnapCompare, keys: list[str], says: str) -> None:
    wait = shown(*keys, says=says)
    assert snap_compare(environment(), terminal_size=SMALL, run_before=wait)
