"""Starting a server by hand: which profile, with which model if it names none, then Servers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from termai.text import one_line
from termai.tui import model_rows, profile_rows, work
from termai.tui.messages import ServerStarted
from termai.tui.screens.dialogs import Choice, Pick

if TYPE_CHECKING:
    from termai.profiles.profile import Profile
    from termai.tui.app import TermaiApp

_NO_PROFILES = "There are no profiles."
_NO_MODELS = (
    "No model files were found. Put a .gguf file into a directory that termai looks in (F2 lists "
    "them), or name it in the profile."
)


async def pick_and_start(app: TermaiApp, first: str = "") -> None:
    """Ask for a profile, ``first`` highlighted, and start it; runs in a worker."""
    profiles = await app.threads.run(work.profiles)
    by_name = {profile.name: profile for profile in profiles}
    choices = [Choice(partial(profile_rows.row, p), p.name) for p in profiles]
    name = await app.push_screen_wait(Pick("Start which profile?", choices, _NO_PROFILES, first))
    if name:
        await start(app, by_name[name])


async def start(app: TermaiApp, profile: Profile) -> None:
    """Start a profile, asking for the model when it names none; runs in a worker."""
    if not profile.is_set("path"):
        models = await app.threads.run(work.models)
        choices = [Choice(partial(model_rows.row, m), str(m.path)) for m in models]
        title = f"{one_line(profile.name)}: with which model?"
        path = await app.push_screen_wait(Pick(title, choices, _NO_MODELS))
        if not path:
            return
        profile = profile.with_values(path=path)
    show_started(app, await app.threads.run(work.start, profile))


async def start_model(app: TermaiApp, path: Path) -> None:
    """Start a bare model file; runs in a worker."""
    show_started(app, await app.threads.run(work.start_model, path))


def show_started(app: TermaiApp, server: work.Server) -> None:
    """Tell of the start and go to where it is watched."""
    app.post_message(ServerStarted(server))
    app.switch_mode("servers")
