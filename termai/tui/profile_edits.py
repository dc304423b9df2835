"""What the editor of a profile does that asks on the way; coroutines for workers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import profile_actions, profile_fields, profile_look, starting
from termai.tui.profile_fields import Field, Way
from termai.tui.profile_flaws import Flaw, problems
from termai.tui.screens.dialogs import Choice, ConfirmLoss, Pick
from termai.tui.screens.profile_editor_dialogs import (
    ProseScreen,
    RestartScreen,
    Step,
    value_of_text,
)

if TYPE_CHECKING:
    from termai.profiles.diff import Difference
    from termai.profiles.profile import Profile
    from termai.servers.changes import Changes
    from termai.servers.records import Server
    from termai.tui.app import TermaiApp

_UNSET = "unset:"
_TOLD = 200  # characters of a toast
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


async def next_step(app: TermaiApp, profile: Profile, flaws: Sequence[Flaw]) -> Step:
    """Return what starting a profile comes to; a restart is asked about, before it is saved.

    What keeps it from starting is shown instead of the question.
    """
    wrong = problems(flaws)
    server = running(app, profile)
    if server is None:
        if not any(flaw.stops for flaw in wrong):
            return Step.START
        return await app.push_screen_wait(RestartScreen(profile.name, None, wrong))
    changes = await app.threads.run(profile_look.restarting, server, profile)
    if changes and not changes.restart:
        return Step.SAVE
    return await app.push_screen_wait(RestartScreen(server.name, changes, wrong))


async def take(app: TermaiApp, profile: Profile, step: Step) -> None:
    """Start a saved profile, restart its server, or say what is in force without that."""
    server = running(app, profile)
    if server is None:
        await profile_actions.start(app, profile)
    elif step is Step.SAVE:
        changes = await app.threads.run(profile_look.restarting, server, profile)
        app.notify(in_force(changes), markup=False)
    else:
        await _restart(app, server, profile)


def saved_as(before: Profile, saved: Profile) -> str:
    """Return what a save did, in a sentence; ``before`` is the profile as it was read."""
    name = one_line(saved.name)
    if before.shipped and not saved.shipped:
        return f"{name} is saved as your own copy, used in place of termai's from now on."
    return f"{name} is saved."


def in_force(changes: Changes) -> str:
    """Return what a save does to a server that need not be restarted for it."""
    told = []
    if changes.live:
        told.append(f"In force from the next message on: {_names(changes.live)}.")
    if changes.later:
        told.append(f"Matters at the next start only: {_names(changes.later)}.")
    return " ".join(told)


def changed(before: Profile, after: Profile) -> str:
    """Return what differs between two profiles in a few words, such as ``mmap: off → on``."""
    from termai.profiles.diff import differences

    told = (
        f"{_name(one)}: {value_of_text(one, one.before)} → {value_of_text(one, one.after)}."
        for one in differences(before, after)
    )
    return one_line(" ".join(told), _TOLD)


def _names(found: Sequence[Difference]) -> str:
    return one_line(", ".join(map(_name, found)), _TOLD)


def _name(difference: Difference) -> str:
    return difference.key.rpartition(".")[2] if difference.option else difference.key


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
