"""Starting a server by hand: which profile, with which model if it names none, then Servers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from termai.profiles.option import REMOTE
from termai.text import one_line
from termai.tui import model_rows, profile_rows, work
from termai.tui.messages import ServerStarted
from termai.tui.screens.dialogs import Choice, ConfirmLoss, Pick

if TYPE_CHECKING:
    from termai.profiles.profile import Profile
    from termai.servers.guarding import MemoryRefusedError
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
    if not profile.is_set("path") and profile.engine != REMOTE:
        models = await app.threads.run(work.models)
        choices = [Choice(partial(model_rows.row, m), str(m.path)) for m in models]
        title = f"{one_line(profile.name)}: with which model?"
        path = await app.push_screen_wait(Pick(title, choices, _NO_MODELS))
        if not path:
            return
        profile = profile.with_values(path=path)
    await launch(app, profile)


async def launch(app: TermaiApp, profile: Profile) -> None:
    """Start a profile that names its model and go to where it is watched; runs in a worker.

    Where the memory guardrails refuse it, that is shown with its way out, and asked about.
    """
    from termai.servers.guarding import MemoryRefusedError

    try:
        server = await app.threads.run(work.start, profile)
    except MemoryRefusedError as error:
        asked = ConfirmLoss("Not enough memory", f"{error.message}\n\n{_way_out(error)}")
        if not await app.push_screen_wait(asked):
            return
        server = await app.threads.run(partial(work.start, profile, force=True))
    show_started(app, server)


def _way_out(error: MemoryRefusedError) -> str:
    return f"{error.advice}\n\nStart it all the same?".lstrip()


def show_started(app: TermaiApp, server: work.Server) -> None:
    """Tell of the start and go to where it is watched."""
    app.post_message(ServerStarted(server))
    app.switch_mode("servers")
