"""What Profiles and its dialogs look like, also in a small and in a large window."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from termai import settings
from termai.engines.drift import Drift
from termai.profiles import history
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.tui import formats, profile_work
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from termai.tui.profile_work import Checked
from termai.tui.screens.profiles_conflict import ConflictScreen
from tests.tui import scenes
from tests.tui.support import LARGE, SMALL, screen_text, until

SnapCompare = Callable[..., bool]
Steps = list[tuple[list[str], str]]

TINY, HUGE = (40, 12), (200, 50)
KCPPS = {
    "model_param": "/models/tale-13b.Q4_K_M.gguf",
    "contextsize": 8192,
    "gpulayers": 43,
    "usecublas": ["normal", "0", "mmq"],
    "quantkv": 1,
    "flashattention": True,
    "sdmodel": "/models/sdxl.safetensors",
    "strange": [1, 2],
}
OPEN: Steps = [([], "▸ tale")]
REVIEW: Steps = [*OPEN, (["i"], "Understood|Enter looks"), (["PASTE", "enter"], "▸ [x] tale")]
DIALOGS: dict[str, tuple[tuple[int, int], Steps]] = {
    "list-80x24": (SMALL, OPEN),
    "list-120x40": (LARGE, OPEN),
    "list-40x12": (TINY, OPEN),
    "list-200x50": (HUGE, OPEN),
    "filter": (SMALL, [*OPEN, (["slash", *"gpu"], "▸ cpu-small")]),
    "removed": (SMALL, [*OPEN, (["x"], "u brings it back"), (["home"], "u Undo")]),
    "help": (SMALL, [*OPEN, (["question_mark"], "Escape closes")]),
    "new": (SMALL, [*OPEN, (["n"], "▸ model|● 29/29")]),
    "new-40x12": (TINY, [*OPEN, (["n"], "▸ model")]),
    "new-filtered": (SMALL, [*OPEN, (["n", *"single"], "▸ template single-gpu")]),
    "name": (SMALL, [*OPEN, (["n"], "▸ model"), (["enter"], "Name of the new profile")]),
    "rename": (SMALL, [*OPEN, (["m"], "Rename tale")]),
    "import": (SMALL, [*OPEN, (["i"], "Understood"), ([], "▸ ~/tale.kcpps")]),
    "import-review": (SMALL, REVIEW),
    "import-review-40x12": (TINY, REVIEW),
    "import-review-200x50": (HUGE, REVIEW),
    "export": (SMALL, [*OPEN, (["o"], "contextsize")]),
    "export-path": (SMALL, [*OPEN, (["o"], "contextsize"), (["enter"], "~/tale.kcpps")]),
    "history": (SMALL, [*OPEN, (["h"], "This is the profile now"), (["down"], "6144")]),
    "diff": (LARGE, [*OPEN, (["v"], "Compare tale with"), (["enter"], "load.ctx_size")]),
    "diff-40x12": (TINY, [*OPEN, (["v"], "Compare tale with"), (["enter"], "ctx_size")]),
    "diff-lines": (
        LARGE,
        [*OPEN, (["v"], "Compare"), (["enter"], "load.ctx_size"), (["t"], "+ctx_size = 4096")],
    ),
    "check": (SMALL, [*OPEN, (["f"], "u updates the profile")]),
}
DRIFTS = (
    Drift(
        "args.llama-server",
        "--draft-max",
        "llama-server 9212 no longer knows --draft-max: use load.spec_draft_n_max.",
        "load.spec_draft_n_max",
        fatal=True,
    ),
    Drift("load.cache_reuse", "--cache-reuse", "llama-server 9212 has no --cache-reuse."),
)


@pytest.fixture(autouse=True)
def _scene(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set a scene in which neither places nor moments differ from run to run."""
    monkeypatch.setenv("TERMAI_CONFIG_DIR", str(Path.home() / ".config/termai"))
    monkeypatch.chdir(Path.home())
    monkeypatch.setattr(formats, "moment", lambda timestamp, now: "14:02")
    monkeypatch.setattr(profile_work, "checked", _checked)
    Path("tale.kcpps").write_text(json.dumps(KCPPS))
    with scenes.machine(monkeypatch):
        _profiles()
        yield


def _profiles() -> None:
    """Save a profile with two versions, the first of which ran well."""
    profile = Profile(name="tale", description="Stories, from KoboldCPP")
    values = {"path": "~/models/tale-13b.Q4_K_M.gguf", "n_gpu_layers": 43, "flash_attn": "on"}
    save_profile(profile.with_values(**values, ctx_size=6144))
    first = load_profile("tale")
    history.mark_ran_well("tale", first.revision, scenes.ENDED)
    save_profile(first.with_values(ctx_size=4096, temperature=0.8))


def _checked(profile: Profile) -> Checked:
    return Checked("llama-server 9212", DRIFTS, replace(profile, args={}))


def program() -> TermaiApp:
    settings.save(theme="termai-dark")
    loaded = settings.load()
    return TermaiApp(lambda: Opening("profiles"), loaded)


def shown(steps: Steps) -> Callable[[Pilot[Any]], Any]:
    """Press keys, and wait after each for what must be there; then for a screen that rests."""

    async def wait(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, TermaiApp)
        for keys, text in steps:
            for key in keys:
                await _press(pilot, key)
            await until(pilot, partial(_says, app, text), what=text)
        await until(pilot, lambda: app.machine is not None and app.servers, what="the machine")
        before = ""
        while (now := screen_text(app)) != before:
            before = now
            await pilot.pause(0.3)

    return wait


async def _press(pilot: Pilot[Any], key: str) -> None:
    if key == "PASTE":
        pilot.app.post_message(events.Paste("tale.kcpps"))
        await pilot.pause()
    else:
        await pilot.press(key)


def _says(app: TermaiApp, text: str) -> bool:
    """Say whether one of the texts, parted by bars, is on the screen."""
    return any(part in screen_text(app) for part in text.split("|"))


@pytest.mark.parametrize("name", list(DIALOGS))
def test_profiles(snap_compare: SnapCompare, name: str) -> None:
    size, steps = DIALOGS[name]
    assert snap_compare(program(), terminal_size=size, run_before=shown(steps))


def test_a_conflict(snap_compare: SnapCompare) -> None:
    async def wait(pilot: Pilot[Any]) -> None:
        await shown(OPEN)(pilot)
        path = Path.home() / ".config/termai/profiles/tale.toml"
        pilot.app.push_screen(ConflictScreen(path, "a = 1\n", "a = 2\n"))
        await shown([([], "keep theirs")])(pilot)

    assert snap_compare(program(), terminal_size=SMALL, run_before=wait)
