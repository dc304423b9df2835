"""What Profiles and its editor do that asks on the way; coroutines for workers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from termai.errors import InvalidFileError, TermaiError, UsageError
from termai.text import one_line, printable
from termai.tui import profile_work, starting
from termai.tui.editor_program import edit_file
from termai.tui.messages import Failed
from termai.tui.screens.dialogs import Choice, Confirm, Note, Pick

if TYPE_CHECKING:
    from pathlib import Path

    from textual.content import Content

    from termai.profiles.editing import Draft
    from termai.profiles.profile import Profile
    from termai.tui.app import TermaiApp

_SHIPPED, _OTHER = "shipped", "other:"
_COPIED = "It was copied.  Escape closes"
_FORKS = "An editor with a window of its own needs its flag to wait, as in `code --wait`."
_AGAIN = "Go back to your text in the editor?\n\nWith n it stays in a file, which you are told."


async def save(app: TermaiApp, profile: Profile) -> Profile | None:
    """Save a profile and return it as it is on disk then, None when nothing was decided.

    Where somebody has changed the file meanwhile it is asked which of the two is kept.
    """
    from termai.profiles.store import ChangedMeanwhileError

    saving = partial(profile_work.save, warn=_warner(app))
    try:
        return await app.threads.run(saving, profile)
    except ChangedMeanwhileError as error:
        texts = await app.threads.run(profile_work.ours_and_theirs, profile, error.path)
        side = await _side(app, error.path, *texts)
    if side == "ours":
        return await app.threads.run(partial(saving, profile, over=True))
    return await app.threads.run(profile_work.load, profile.name) if side else None


def _warner(app: TermaiApp) -> Callable[[TermaiError], None]:
    """Return what tells that a profile was saved and its history was not; for threads."""

    def warn(error: TermaiError) -> None:
        app.post_message(Failed.of(error))

    return warn


async def _side(app: TermaiApp, path: Path, ours: str, theirs: str) -> str:
    from termai.tui.screens.profiles_conflict import ConflictScreen

    return await app.push_screen_wait(ConflictScreen(path, ours, theirs))


async def edit_text(app: TermaiApp, profile: Profile | str) -> Profile | None:
    """Let the user's own editor change a profile's file; return what was saved, None if nothing.

    A profile given by its name is edited as it is on disk, also where it does not read. What does
    not read afterwards, and what is left undecided because somebody else changed the file, can be
    edited again; otherwise the text stays where it is and the place is told.
    """
    argv = await app.threads.run(profile_work.editor)
    draft = await app.threads.run(profile_work.draft, profile)
    while True:
        try:
            took_s = edit_file(app, argv, draft.path)
        except UsageError:
            await app.threads.run(profile_work.drop, draft)
            raise
        try:
            saved = await _taken(app, draft)
        except InvalidFileError as error:
            asked = Confirm("The profile does not read", f"{printable(str(error))}\n\nEdit again?")
        else:
            if saved is None and not draft.path.exists():
                app.notify(f"Nothing was changed. {_FORKS if took_s < 1 else ''}".rstrip())
            if saved is not None or not draft.path.exists():
                return saved
            asked = Confirm("Nothing was saved", _AGAIN)
        if not await app.push_screen_wait(asked):
            told = f"Nothing was saved. What you wrote is in {one_line(str(draft.path))}."
            app.notify(told, severity="warning", markup=False)
            return None


async def _taken(app: TermaiApp, draft: Draft) -> Profile | None:
    """Save a draft, or what is on disk where the user prefers that; None when it stays a draft."""
    from termai.profiles.store import ChangedMeanwhileError

    taking = partial(profile_work.take, warn=_warner(app))
    try:
        return await app.threads.run(taking, draft)
    except ChangedMeanwhileError as error:
        texts = await app.threads.run(profile_work.draft_and_theirs, draft, error.path)
        side = await _side(app, error.path, *texts)
    if side == "ours":
        return await app.threads.run(partial(taking, draft, over=True))
    if side == "theirs":
        await app.threads.run(profile_work.drop, draft)
        return await app.threads.run(profile_work.load, draft.name)
    return None


async def show_command(app: TermaiApp, profile: Profile) -> None:
    """Copy and show the command line that a start of the profile runs."""
    from termai.servers.preview import command_text

    words = await app.threads.run(profile_work.command, profile)
    line = command_text(words, profile.env)
    app.copy_to_clipboard(line)
    title = f"What starting {one_line(profile.name)} runs"
    await app.push_screen_wait(Note(title, printable(line), _COPIED))


async def start(app: TermaiApp, profile: Profile) -> None:
    """Start a profile; where the engine would not take its flags, offer what takes their place."""
    from termai.engines.drift import DriftError
    from termai.tui.screens.profiles_check import CheckScreen

    try:
        await starting.start(app, profile)
    except DriftError:
        updated = await app.push_screen_wait(CheckScreen(profile))
        saved = await save(app, updated) if updated is not None else None
        if saved is not None:
            await starting.start(app, saved)


async def check(app: TermaiApp, profile: Profile) -> Profile | None:
    """Check a profile against the engine; return it as saved where it was updated."""
    from termai.tui.screens.profiles_check import CheckScreen

    updated = await app.push_screen_wait(CheckScreen(profile))
    if updated is None:
        return None
    saved = await save(app, updated)
    if saved is not None:
        app.notify(f"{one_line(saved.name)} was updated; h shows what it was.", markup=False)
    return saved


async def rename(app: TermaiApp, profile: Profile) -> str:
    """Ask for another name and give it to a profile; return it, empty when nothing was done."""
    from termai.tui.screens.models_ask import AskChecked

    title = f"Rename {one_line(profile.name, 40)}"
    text = "Its history goes with it; a server that runs keeps the name it has."
    take = partial(profile_work.rename, profile.name)
    return await app.push_screen_wait(AskChecked(title, text, take, value=profile.name))


async def duplicate(app: TermaiApp, profile: Profile) -> str:
    """Ask for the name of a copy and make it; return the name, empty when nothing was done."""
    from termai.tui.screens.models_ask import AskChecked

    proposed = await app.threads.run(profile_work.free_name, profile.name)
    title = f"Duplicate {one_line(profile.name, 40)}"
    take = partial(profile_work.duplicate, profile.name)
    asked = AskChecked(title, "The name of the copy, which is yours.", take, value=proposed)
    return await app.push_screen_wait(asked)


async def new(app: TermaiApp) -> str:
    """Ask what to make a profile from and what to call it; return its name, empty if none."""
    from termai.tui import profile_new_work
    from termai.tui.screens.models_ask import AskChecked
    from termai.tui.screens.profiles_new import NewScreen

    seed = await app.push_screen_wait(NewScreen())
    if seed is None:
        return ""
    if seed.origin == "removed":
        return await app.threads.run(profile_new_work.bring_back, seed.reference)
    model = ""
    if seed.origin == "template" and await app.threads.run(profile_new_work.lacks_model, seed):
        title = f"{seed.reference}: for which model?"
        chosen = await app.push_screen_wait(NewScreen(title, only_models=True))
        if chosen is None:
            return ""
        model = chosen.reference
    proposed = await app.threads.run(profile_new_work.proposed_name, seed, model)
    make = partial(profile_new_work.make, seed, model)
    asked = AskChecked("Name of the new profile", seed.told, make, value=proposed)
    return await app.push_screen_wait(asked)


async def compare(app: TermaiApp, profile: Profile, others: tuple[str, ...]) -> None:
    """Ask what to compare a profile with, termai's own or another one, and show the difference."""
    from termai.tui.screens.profiles_diff import DiffScreen

    shipped = not profile.shipped and await app.threads.run(profile_work.has_shipped, profile.name)
    choices = [_choice("termai's own of this name", _SHIPPED)] if shipped else []
    choices += [_choice(one_line(name), f"{_OTHER}{name}") for name in others]
    title = f"Compare {one_line(profile.name, 40)} with"
    picked = await app.push_screen_wait(Pick(title, choices, "There is no other profile."))
    if not picked:
        return
    if picked == _SHIPPED:
        work = partial(profile_work.compared_with_shipped, profile)
    else:
        work = partial(profile_work.compared_with, profile, picked.removeprefix(_OTHER))
    found = await app.threads.run(work)
    called = f"{found.names[0]} and {found.names[1]}"
    await app.push_screen_wait(DiffScreen(called, found.differences, found.text, found.names))


def _choice(label: str, value: str) -> Choice:
    from textual.content import Content

    def draw(width: int) -> Content:
        return Content(one_line(label, width))

    return Choice(draw, value)
