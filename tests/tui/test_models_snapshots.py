"""What Models looks like: the hub, a repository, downloads and its dialogs, at both sizes."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.models import removal
from termai.tui import hub_work, model_work
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from tests.models.hub.conftest import FOREIGN, PROXIES
from tests.tui import hub_scene, scenes
from tests.tui.support import LARGE, SMALL, screen_text, until

SnapCompare = Callable[..., bool]
Steps = list[tuple[list[str], str]]

CURVE = "VRAM (v)|VRAM in GiB"
LIBRARY: Steps = [([], "/37 "), (["end"], "▸ Qwen3-8B-Q4_K_M"), ([], CURVE)]
RESULTS: Steps = [([], "/37 "), (["2"], "Searches 127.0.0.1"), (["enter"], "gated")]
REPOSITORY: Steps = [*RESULTS, (["enter"], "best"), ([], CURVE)]
DIALOGS: dict[str, Steps] = {
    "remove": [*LIBRARY, (["d"], "Enter, n: no")],
    "inspect": [*LIBRARY, (["i"], "qwen3.block_count")],
    "template": [*LIBRARY, (["i", "3"], "What is the weather")],
    "curve": [*LIBRARY, (["v"], "Memory against context")],
    "add": [*LIBRARY, (["a"], "Add a directory")],
    "token": [*RESULTS, (["t"], "A token of your account")],
    "card": [*RESULTS, (["end", "m"], "A tiny model to test with.")],
    "filter": [*LIBRARY, (["slash", *"mist"], "1 of 4")],
    "help": [*LIBRARY, (["question_mark"], "Escape closes")],
}


@pytest.fixture(autouse=True)
def _scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)
    with scenes.machine(monkeypatch), hub_scene.served(tmp_path / "hub") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        said = ("Searches 127.0.0.1 for repositories with GGUF files.", False)
        monkeypatch.setattr(hub_work, "standing", lambda: said)
        monkeypatch.setattr(removal, "_frees", lambda files: 4_608_000_000)  # no disk tells holes
        yield


def models() -> TermaiApp:
    settings.save(theme="termai-dark")
    loaded = settings.load()
    return TermaiApp(lambda: Opening("models"), loaded)


def shown(steps: Steps) -> Callable[[Pilot[Any]], Any]:
    """Press keys, and wait after each for what must be there; then for a screen that rests."""

    async def wait(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, TermaiApp)
        await until(pilot, lambda: "24G" in screen_text(app).partition("\n")[0], what="the GPU")
        for keys, text in steps:
            await pilot.press(*keys)
            await until(pilot, partial(_says, app, text), what=text)
        await until(pilot, lambda: "…" not in _fits(app), what="every fit")
        before = ""
        while (now := screen_text(app)) != before:
            before = now
            await pilot.pause(0.3)

    return wait


def _says(app: TermaiApp, text: str) -> bool:
    """Say whether one of the texts, parted by bars, is on the screen."""
    return any(part in screen_text(app) for part in text.split("|"))


def _fits(app: TermaiApp) -> str:
    return "".join(line for line in screen_text(app).splitlines() if line.rstrip().endswith("…"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "steps", [LIBRARY, RESULTS, REPOSITORY], ids=["library", "results", "repository"]
)
def test_tabs(snap_compare: SnapCompare, steps: Steps, size: tuple[int, int]) -> None:
    assert snap_compare(models(), terminal_size=size, run_before=shown(steps))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", [[], ["w"]], ids=["strip", "list"])
def test_downloads(
    snap_compare: SnapCompare,
    keys: list[str],
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_work, "downloads", scenes.downloads)
    steps = [*LIBRARY, ([], "Qwen3-8B-GGUF:Q4_K_M"), (keys, "")]
    assert snap_compare(models(), terminal_size=size, run_before=shown(steps))


@pytest.mark.parametrize("name", list(DIALOGS))
def test_dialogs(snap_compare: SnapCompare, name: str) -> None:
    assert snap_compare(models(), terminal_size=SMALL, run_before=shown(DIALOGS[name]))


def test_an_empty_library(snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    from termai.models import library

    monkeypatch.setattr(library, "known", library.Library)
    nothing = library.Library(stores=(), complete=True)
    monkeypatch.setattr(model_work, "refresh", lambda tell: nothing)
    wait = shown([([], "No model files were found")])
    assert snap_compare(models(), terminal_size=SMALL, run_before=wait)
