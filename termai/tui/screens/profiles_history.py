"""What was saved of a profile: when, why, which version ran well, and getting one back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from termai.text import one_line
from termai.tui import diff_rows, formats, icons, profile_work
from termai.tui.background import Background
from termai.tui.columns import Cell, Column
from termai.tui.widgets.model_table import ModelTable
from termai.tui.widgets.model_text import TextPane

if TYPE_CHECKING:
    from termai.profiles.history import Version
    from termai.profiles.profile import Profile
    from termai.tui.profile_work import Compared, Past

COLUMNS = (
    Column("When", 12),
    Column("What happened", 16, flexible=True),
    Column("Ran well", 14, 1),
    Column("", 5, 2),
)
_NOTHING = "Nothing was saved of it yet. Every save from now on can be got back here."
_KEYS = "Enter compares   r restores   Escape closes   {} ran well"
_RESTORE = "Make the chosen version the profile again; what is there now stays in this list."
_SHORT = "r makes this version the profile again. It differs from what is there now:"


class HistoryScreen(ModalScreen["Profile | None"], Background):
    """Lists the versions of the profile called ``name``; returns the one that was restored."""

    DEFAULT_CSS = """
    HistoryScreen { align: center middle; }
    HistoryScreen > Vertical {
        width: 100%; max-width: 100; height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    HistoryScreen ModelTable { height: 1fr; background: $surface; }
    HistoryScreen TextPane {
        height: 1fr; background: $surface; border-top: solid $primary 40%;
    }
    HistoryScreen #none { height: auto; padding: 1 0; display: none; }
    HistoryScreen Label { color: $muted; width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,h", "leave", "Close", id="history.close", tooltip="Change nothing."),
        Binding("r", "restore", "Restore", id="history.restore", tooltip=_RESTORE),
    ]

    table = query_one(ModelTable)
    pane = query_one(TextPane)

    @dataclass
    class Read(Message):
        """The history was read."""

        past: Past

    @dataclass
    class Compared(Message):
        """A version was compared with what is there now; None where one does not read."""

        number: str
        compared: Compared | None

    @dataclass
    class Restored(Message):
        """A version was written again; of: when it was saved, seconds since the epoch."""

        of: float
        profile: Profile

    def __init__(self, name: str) -> None:
        super().__init__()
        self._profile = name
        self._versions: dict[str, Version] = {}
        self._now = ""
        self._changes: Mapping[int, str] = {}
        self._known: dict[str, Compared | None] = {}

    def compose(self) -> ComposeResult:
        """Yield the versions, and how the chosen one differs from the profile as it is."""
        with Vertical() as box:
            box.border_title = Content(f"History of {one_line(self._profile)}")
            yield ModelTable(COLUMNS, self._cells)
            yield TextPane()
            yield Static(_NOTHING, id="none", markup=False)
            yield Label(Content(_KEYS.format(icons.sign("ok"))))

    def on_mount(self) -> None:
        self.table.focus()
        self.background(partial(profile_work.past, self._profile), self.Read, group="history")

    def on_history_screen_read(self, message: Read) -> None:
        """List the versions."""
        self._versions = {str(v.number): v for v in message.past.versions}
        self._now, self._changes = message.past.now, message.past.changes
        some = bool(self._versions)
        self.table.display = self.pane.display = some
        self.query_one("#none").display = not some
        self.table.show(list(self._versions))
        self.refresh_bindings()

    def _cells(self, number: str) -> Sequence[Cell]:
        version = self._versions[number]
        now = time.time()
        ran = "" if version.ran_well_at is None else formats.moment(version.ran_well_at, now)
        sign = f"{icons.sign('ok')} " if ran else ""
        return (
            formats.moment(version.saved_at, now),
            Content.assemble((sign, icons.STYLES["ok"]), self._told(version, now)),
            Content.styled(ran, icons.STYLES["ok"]),
            Content.styled("now" if number == self._now else "", "bold"),
        )

    def _told(self, version: Version, now: float) -> str:
        """Return how a version came about, and what it changed against the one before."""
        from termai.profiles.versions import RESTORED

        reason = one_line(version.reason)
        origin = self._origin(version) if version.reason == RESTORED else None
        if origin is not None:
            reason = f"{reason} from {formats.moment(origin.saved_at, now)}"
        changes = self._changes.get(version.number, "")
        return f"{reason}: {changes}" if changes else reason

    def _origin(self, version: Version) -> Version | None:
        """Return the version that a restored one was made from, None where it is not kept."""
        older = (v for v in self._versions.values() if v.number < version.number)
        return next((v for v in older if v.revision == version.revision), None)

    @property
    def chosen(self) -> Version | None:
        """The version that is chosen."""
        return self._versions.get(self.table.chosen)

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        """Show how the chosen version differs."""
        event.stop()
        self._show_difference()
        self.refresh_bindings()

    def _show_difference(self) -> None:
        version, number = self.chosen, self.table.chosen
        if version is None:
            return
        if number == self._now:
            self.pane.show(lambda width, height: Content("This is the profile now."), top=True)
        elif number in self._known:
            self.pane.show(partial(_drawn, self._known[number]), top=True)
        else:
            work = partial(profile_work.compared_with_version, version)
            self.background(work, partial(self.Compared, number), group="compare", exclusive=True)

    def on_history_screen_compared(self, message: Compared) -> None:
        """Show the difference of the chosen version."""
        self._known[message.number] = message.compared
        if message.number == self.table.chosen:
            self._show_difference()

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        """Show the difference large, line by line too."""
        from termai.tui.screens.profiles_diff import DiffScreen

        event.stop()
        known = self._known.get(event.identity)
        if known is not None:
            title = f"{self._profile}: what restoring would change"
            shown = DiffScreen(title, known.differences, known.text, known.names, restores=True)
            self.app.push_screen(shown, self._seen)

    def _seen(self, restore: bool | None) -> None:
        if restore:
            self.action_restore()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out restoring what is there already."""
        if action == "restore":
            return None if self.chosen is None or self.table.chosen == self._now else True
        return True

    def action_restore(self) -> None:
        """Make the chosen version the profile again."""
        version = self.chosen
        if version is not None:
            work = partial(profile_work.restore, version)
            then = partial(self.Restored, version.saved_at)
            self.background(work, then, group="restore", exclusive=True)

    def on_history_screen_restored(self, message: Restored) -> None:
        """Tell it, and return the profile as it is now."""
        name, moment = one_line(message.profile.name, 40), formats.moment(message.of, time.time())
        self.notify(f"{name} was restored to what it was at {moment}.")
        self.dismiss(message.profile)

    def action_leave(self) -> None:
        """Return nothing."""
        self.dismiss(None)


def _drawn(compared: Compared | None, width: int, height: int) -> Content:
    if compared is None:
        return Content.styled("This version or the profile now does not read.", "$text-error")
    lines = diff_rows.by_option(compared.differences, width, compared.names)
    return Content("\n").join([Content.styled(_SHORT, "$muted"), lines])
