"""The blocking calls behind the editor of a profile; they run in threads and touch no widget."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from termai.profiles.profile import Profile
    from termai.servers.changes import Changes
    from termai.servers.preview import Preview, Previewer
    from termai.servers.records import Server
    from termai.tui.profile_work import Compared


@dataclass(frozen=True, slots=True)
class Look:
    """What a profile would do here, and the bytes that it would take as it is saved.

    problem: why nothing could be told, when even that failed.
    """

    profile: Profile
    preview: Preview | None
    problem: str = ""


class Looker:
    """Looks at one profile after the other, and remembers what they have in common."""

    def __init__(self) -> None:
        self._previewer: Previewer | None = None
        self._making = Lock()

    def look(self, profile: Profile) -> Look:
        """Return what a profile would do here; never raises."""
        try:
            return Look(profile, self._ready().preview(profile))
        except Exception as error:  # noqa: BLE001 - a form without numbers is better than none
            return Look(profile, None, f"{type(error).__name__}: {error}")

    def _ready(self) -> Previewer:
        from termai.servers.preview import Previewer

        with self._making:
            if self._previewer is None:
                self._previewer = Previewer()
            return self._previewer


def compared(saved: Profile, now: Profile) -> Compared:
    """Return what differs between a profile as it is on disk and as it would be saved."""
    from termai.profiles.diff import differences, text_diff
    from termai.profiles.store import text_of, text_to_save
    from termai.tui.profile_work import Compared

    names = ("saved", "now")
    before = text_of(saved) if saved.path else ""
    text = text_diff(before, text_to_save(now, over=True), *names)
    return Compared(names, differences(saved, now), text)


def restarting(server: Server, profile: Profile) -> Changes:
    """Return what a profile says otherwise than a running server was started with."""
    from termai.servers.changes import changes

    return changes(server, profile)


def restart(server: Server, profile: Profile, *, force: bool = False) -> Server:
    """Stop a server and start it by another profile; ``force`` overrules the memory guardrails."""
    from termai.servers import manager

    return manager.restart_with(server, profile, force=force)


def projectors() -> tuple[tuple[str, Path], ...]:
    """Return the names and paths of the projectors in the library."""
    from termai.gguf.facts import Kind
    from termai.models.library import scan

    found = (model for model in scan() if model.kind is Kind.PROJECTOR and model.usable)
    return tuple((model.label or model.name, model.path) for model in found)


def command_text(preview: Preview) -> str:
    """Return the command that a start would run, as one line for a shell."""
    from termai.servers.preview import command_text

    return command_text(preview.command)
