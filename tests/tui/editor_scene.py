"""A profile of an 8B model on a machine with one GPU, open in the editor."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from textual.pilot import Pilot

from termai.engines import choose
from termai.engines.base import Detection
from termai.hardware import cgroup, limits
from termai.hardware.limits import MachineLimits
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.servers import fitting, launching, own_profile, preview, starters
from termai.servers import preview_sources as sources
from termai.tui.app import TermaiApp
from termai.tui.screens.profile_editor import ProfileEditor
from tests.tui import scenes
from tests.tui.support import SMALL, opened, until

MODEL = ".lmstudio/models/Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf"
_HOLDERS = (fitting, launching, own_profile, preview, starters)  # of ``choose`` as it really is
LIMITS = MachineLimits(cores=8, threads=16, chosen=8, memlock=8 << 20)


@cache
def _real() -> Detection:
    """Return what the llama-server that is here says of itself."""
    return choose.ENGINES["llama-server"].detect()


@contextmanager
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the scene: an RTX 4090 with 5.8 GiB free, 8 cores, no running server of the profile."""
    with scenes.machine(monkeypatch):
        monkeypatch.setattr(limits, "read", lambda: LIMITS)
        monkeypatch.setattr(cgroup, "memory", lambda: None)
        monkeypatch.setattr(sources, "refusal", lambda host, port: None)
        engine, seen = choose.choose("auto")
        real = _real()
        detection = replace(seen, options=real.options, help=real.help, removed=real.removed)
        for module in (choose, sources):
            monkeypatch.setattr(module, "choose", lambda name: (engine, detection))
        yield


def saved(**values: object) -> Profile:
    """Save the profile ``long`` with a context of 4096 and return it as it is on disk."""
    given = {"path": str(Path.home() / MODEL), "ctx_size": 4096, "port": 8123, **values}
    save_profile(Profile(name="long").with_values(**given))
    return load_profile("long")


@asynccontextmanager
async def editing(
    profile: Profile, *, size: tuple[int, int] = SMALL, field: str = ""
) -> AsyncIterator[tuple[TermaiApp, Pilot[int], ProfileEditor, list[Profile | None]]]:
    """Open the editor in the program, and wait until memory is shown.

    The last of what is yielded fills with what the editor returns.
    """
    returned: list[Profile | None] = []
    async with opened("profiles", size=size) as (app, pilot):
        editor = ProfileEditor(profile, field)
        app.push_screen(editor, returned.append)
        await until(pilot, lambda: editor.look is not None)
        yield app, pilot, editor, returned
