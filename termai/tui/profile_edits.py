"""What the editor of a profile does that asks on the way; coroutines for workers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import profile_actions, profile_fields, profile_look, starting
from termai.tui.profile_fields import Field, Way
from termai.tui.screens.dialogs import Choice, ConfirmLoss, Pick
from termai.tui.screens.profile_editor_dialogs import ProseScreen, RestartScreen

if TYPE_CHECKING:
    from termai.profiles.profile import Profile
    from termai.servers.records import Server
    from termai.tui.app import TermaiApp

_UNSET = "unset:"
_NO_PROJECTORS = "The library has no projector. Leave this with Escape and press t to type a path."


async def value_of(app: TermaiApp, profile: Profile, field: Field) -> Profile | None:
    """Ask for the value of a field that needs more than a line; None when it is left."""
    text = await _text(app, profile, field)
    return None if text is None else profile_fields.with_text(profile, field.identity, text)


async def _text(app: TermaiApp, profile: Profile, field: Field) -> str | None:
    now = profile_fields.text_of(profile, field.identity)
    if field.way is Way.PROSE or "\n" in now:
        return await app.push_screen_wait(ProseScreen(field.name, now))
    if field.way is Way.MODEL and field.identity != "mmproj":
        return await _model(app, field)
    if field.way is Way.MODEL:
        found = await app.threads.run(profile_look.projectors)
        choices = [_choice(one_line(name), str(path)) for name, path in found]
    else:
        choices = [_choice(name, name) for name in field.choices]
    if profile_fields.is_set(profile, field.identity):
        choices.append(_choice("unset: leave it to the default", _UNSET))
    picked = await app.push_screen_wait(Pick(field.name, choices, _NO_PROJECTORS, now))
    return None if not picked else "" if picked == _UNSET else picked


async def _model(app: TermaiApp, field: Field) -> str | None:
    from termai.tui.screens.profiles_new import NewScreen

    seed = await app.push_screen_wait(NewScreen(f"{field.name}: which model?", only_models=True))
    return None if seed is None else seed.reference


def _choice(label: str, value: str) -> Choice:
    return Choice(Content(label), value)


def running(app: TermaiApp, profile: Profile) -> Server | None:
    """Return the running server of a profile."""
    alive = (server for server in app.servers if server.alive)
    return next((server for server in alive if server.profile == profile.name), None)


async def start(app: TermaiApp, profile: Profile) -> None:
    """Start a saved profile, or restart its server after saying what that changes."""
    server = running(app, profile)
    if server is None:
        await profile_actions.start(app, profile)
        return
    changes = await app.threads.run(profile_look.restarting, server, profile)
    if await app.push_screen_wait(RestartScreen(server.name, changes)):
        await _restart(app, server, profile)


async def _restart(app: TermaiApp, server: Server, profile: Profile) -> None:
    from termai.servers.guarding import MemoryRefusedError

    try:
        again = await app.threads.run(profile_look.restart, server, profile)
    except MemoryRefusedError as error:
        text = f"{error.message}\n\n{error.advice}\n\nRestart it all the same?"
        if not await app.push_screen_wait(ConfirmLoss("Not enough memory", text)):
            return
        forced = partial(profile_look.restart, server, profile, force=True)
        again = await app.threads.run(forced)
    starting.show_started(app, again)


async def show_difference(app: TermaiApp, saved: Profile, now: Profile) -> None:
    """Show what a save would change in the file."""
    from termai.tui.screens.profiles_diff import DiffScreen

    found = await app.threads.run(profile_look.compared, saved, now)
    title = f"{one_line(now.name, 40)}: saved and now"
    await app.push_screen_wait(DiffScreen(title, found.differences, found.text, found.names))
