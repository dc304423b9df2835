"""The blocking calls behind the editor of a profile; they run in threads and touch no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from termai.errors import TermaiError
from termai.tui.profile_flaws import Flaw, flaws

if TYPE_CHECKING:
    from pathlib import Path

    from termai.engines.base import Detection
    from termai.engines.drift import Drift
    from termai.profiles.profile import Profile
    from termai.profiles.unsaved import Unsaved
    from termai.servers.changes import Changes
    from termai.servers.preview import Preview, Previewer
    from termai.servers.records import Server
    from termai.tui.profile_draft import Draft
    from termai.tui.profile_work import Compared


@dataclass(frozen=True, slots=True)
class Look:
    """What a profile would do here, None when not even that can be told, and what is wrong."""

    profile: Profile
    preview: Preview | None
    flaws: tuple[Flaw, ...] = ()


class Looker:
    """Looks at one profile after the other, and remembers what they have in common.

    Any thread may ask it; looks wait for each other.
    """

    def __init__(self) -> None:
        self._one_at_a_time = Lock()
        self._previewer: Previewer | None = None
        self._engines: dict[str, Detection] = {}

    def look(self, profile: Profile) -> Look:
        """Return what a profile would do here; never raises a TermaiError."""
        from termai.servers.preview import Previewer

        with self._one_at_a_time:
            if self._previewer is None:
                self._previewer = Previewer()
            preview = self._previewer.preview(profile)
            drifts = self._drifts(profile)
            engine = self._engines.get(profile.engine)
            return Look(profile, preview, flaws(preview.clashes, drifts, profile, engine))

    def refresh(self) -> None:
        """Look anew at engines, the machine and files the next time."""
        self._engines = {}
        if self._previewer is not None:
            self._previewer.refresh()

    def _drifts(self, profile: Profile) -> tuple[Drift, ...]:
        from termai.engines import drift
        from termai.engines.choose import choose

        try:
            if profile.engine not in self._engines:
                self._engines[profile.engine] = choose(profile.engine)[1]
        except TermaiError:  # which the preview tells
            return ()
        return drift.check(profile, self._engines[profile.engine])


class Keeper:
    """Keeps the newest of a draft's unsaved changes, and forgets them once there are none."""

    def __init__(self, newest: Callable[[], Draft]) -> None:
        self._newest = newest
        self._one_at_a_time = Lock()

    def keep(self) -> None:
        """Write what is there now; raises StorageError. Any thread may call it."""
        from termai.profiles import unsaved

        with self._one_at_a_time:
            draft = self._newest()
            if draft.saved.path is None:
                return
            if draft.changed:
                unsaved.keep(draft.profile)
            else:
                unsaved.forget(draft.saved.name)


def left(saved: Profile) -> Unsaved | None:
    """Return the changes of a profile that were not saved the last time."""
    from termai.profiles import unsaved

    return unsaved.kept(saved) if saved.path else None


def newer(saved: Profile) -> Profile | None:
    """Return what somebody else has made of a profile since it was read, None for nothing.

    None too where the file is gone or does not read, which a save tells.
    """
    from termai.profiles.store import load_profile

    try:
        now = load_profile(saved.name) if saved.path else saved
    except TermaiError:
        return None
    return now if now.revision != saved.revision else None


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


def command_text(preview: Preview, env: Mapping[str, str]) -> str:
    """Return the command that a start would run with its variables, as one line for a shell."""
    from termai.servers.preview import command_text

    return command_text(preview.command, env)
