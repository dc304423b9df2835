"""What Environment looks like, from 40x12 to 200x50."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from shutil import rmtree
from typing import Any

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.paths import jobs_dir
from termai.tui import work
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from tests.tui import scenes
from tests.tui.support import SMALL, screen_text, until
from tests.tui.test_environment_actions import PROOF, TARGETS
from tests.tui.test_environment_build import BEGUN

SnapCompare = Callable[..., bool]
PROOFS = {
    "CPU": (PROOF,),
    "CUDA0": (replace(PROOF, device="CUDA0", works=False, sentence="Out of memory.", fix="x"),),
}


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
        await until(pilot, lambda: app.machine is not None, what="the GPU")
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
    wait = shown(says="server qwen3-8b" if size[0] > 100 else "")
    assert snap_compare(environment(), terminal_size=size, run_before=wait)


def test_sixteen_colours(snap_compare: SnapCompare) -> None:
    assert snap_compare(environment("ansi"), terminal_size=SMALL, run_before=shown())


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["end", "enter"], "No AMD GPU"),
        (["down", "f"], "Enter, n: no"),
        (["m"], "server qwen3-8b"),
        (["p"], "1 of 2 work."),
        (["x"], "y yes"),
        (["b"], "ggml-vulkan.cpp"),
    ],
    ids=["opened", "run", "machine", "proof", "stop", "build"],
)
def test_states(
    snap_compare: SnapCompare, keys: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "running_build", lambda: BEGUN)
    monkeypatch.setattr(work, "refreshed_build", lambda build: build)
    monkeypatch.setattr(work, "proof_targets", lambda: TARGETS)
    monkeypatch.setattr(work, "prove", lambda targets: PROOFS[targets[0].device])
    wait = shown(*keys, says=says)
    assert snap_compare(environment(), terminal_size=SMALL, run_before=wait)


@pytest.mark.parametrize("size", [SMALL, (40, 12)], ids=["80x24", "40x12"])
def test_a_first_start(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    rmtree(jobs_dir())
    wait = shown(says="FIRST STEPS" if size[0] > 60 else "s try it")
    assert snap_compare(environment(), terminal_size=size, run_before=wait)
