"""What Models does that asks on the way: starting, removing, adding a directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from termai.text import one_line
from termai.tui import formats, model_work
from termai.tui.screens.dialogs import ConfirmLoss
from termai.tui.screens.models_ask import AskChecked

if TYPE_CHECKING:
    from termai.models.downloads.view import Download
    from termai.models.library import Library
    from termai.models.model_file import ModelFile
    from termai.models.removal import Removal
    from termai.profiles.profile import Profile
    from termai.tui.app import TermaiApp

_FILES_SHOWN = 6
_DIRECTORY = (
    "The path of a directory with .gguf files, below which models are looked for too. It is "
    "written to model_dirs in config.toml; nothing in it is moved or changed."
)


async def start(app: TermaiApp, path: Path, *, keep: bool = False) -> None:
    """Start a model with the user's profile for it, else with values that fit; in a worker.

    ``keep`` saves these values as a profile.
    """
    from termai.tui.starting import launch, show_started

    running = await app.threads.run(model_work.server_of, path)
    if running is not None:
        show_started(app, running)
        return
    profile = await app.threads.run(model_work.profile_of, path)
    if profile is None and keep:
        profile = await app.threads.run(model_work.make_profile, path)
        _show_made(app, profile)
    if profile is None:
        profile = await app.threads.run(model_work.fitting, path)
    await launch(app, profile)


async def make_profile(app: TermaiApp, path: Path, warning: str) -> None:
    """Make a profile that fits, after asking where there is a warning. Runs in a worker."""
    if warning:
        asked = ConfirmLoss("It does not fit", f"{warning}\n\nMake a profile all the same?")
        if not await app.push_screen_wait(asked):
            return
    _show_made(app, await app.threads.run(model_work.make_profile, path))


def _show_made(app: TermaiApp, profile: Profile) -> None:
    """Tell that a profile was made; Profiles has it chosen when it is next opened."""
    app.profile_to_show = profile.name
    app.notify(made(profile), markup=False)


async def cancel(app: TermaiApp, download: Download) -> None:
    """Cancel a download if the answer is yes. Runs in a worker."""
    if await app.push_screen_wait(cancelling(download)):
        await app.threads.run(model_work.cancel, download)


def cancelling(download: Download) -> ConfirmLoss:
    """Return the question whether to cancel a download."""
    here = formats.size(download.bytes_done)
    text = f"{one_line(download.name)}\n{here} that are here already will be removed."
    return ConfirmLoss("Cancel the download?", text)


def made(profile: Profile) -> str:
    """Return the news that a profile was made."""
    return f"Profile {one_line(profile.name, 40)} was made; F3 shows it."


async def add_directory(app: TermaiApp) -> bool:
    """Ask for a directory to look for models in; True when one was added. Runs in a worker."""
    asked = AskChecked("Add a directory of models", _DIRECTORY, model_work.add_directory)
    told = await app.push_screen_wait(asked)
    if told:
        app.notify(told, markup=False)
    return bool(told)


async def remove(app: TermaiApp, model: ModelFile, library: Library) -> bool:
    """Remove a model if the answer is yes; True when it was removed. Runs in a worker."""
    planned = await app.threads.run(model_work.removal, model, library)
    if not await app.push_screen_wait(ConfirmLoss("Remove the model?", removal_text(planned))):
        return False
    await app.threads.run(model_work.remove, planned)
    frees = formats.size(planned.frees)
    app.notify(f"Removed {one_line(planned.name)}: {frees} are free again.", markup=False)
    return True


def removal_text(planned: Removal) -> str:
    """Return what would go, what that frees, whose it is, and what stays."""
    shown = [f"  {formats.place(doomed.path)}" for doomed in planned.files[:_FILES_SHOWN]]
    more = len(planned.files) - len(shown)
    from termai.models.stores import OWN

    foreign = planned.program not in ("", OWN)
    whose = f"It belongs to {one_line(planned.program)}, which will miss it."
    lines = [
        f"{one_line(planned.name)}: {formats.size(planned.frees)} are freed by deleting",
        *shown,
        *([f"  and {more} more"] if more else []),
        *([whose] if foreign else []),
        *(one_line(sentence) for sentence in planned.stays),
    ]
    return "\n".join(lines)
