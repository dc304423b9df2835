"""The Profiles mode: how models are launched, and starting one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import OptionList, Static

from termai.tui import profile_rows, work
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from termai.errors import InvalidFileError
    from termai.profiles.profile import Profile
    from termai.profiles.store import Listing

_BROKEN = "broken:"


class ProfilesScreen(ModeScreen):
    """Lists the profiles, shows the values of the selected one, and starts it."""

    MODE = "profiles"
    HELP = """
A profile says how a model is launched: which file, how much context, what goes to the GPU.
Enter starts the selected one and shows its server. Profiles are TOML files: yours are in the
directory named below each, termai's come with it, and one of yours shadows one of termai's of
the same name. A file that cannot be read is listed with its line and left as it is.
"""
    DEFAULT_CSS = """
    ProfilesScreen #body { height: 1fr; layout: vertical; }
    ProfilesScreen #list { height: auto; max-height: 50%; }
    ProfilesScreen #details { height: 1fr; border-top: solid $primary 40%; padding: 0 1; }
    ProfilesScreen.-wide #body { layout: horizontal; }
    ProfilesScreen.-wide #list { width: 1fr; height: 100%; max-height: 100%; }
    ProfilesScreen.-wide #details {
        width: 1fr; border-top: none; border-left: solid $primary 40%;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="profiles.start", tooltip="Start the profile (Enter)."),
        Binding("r", "reload", "Reload", id="profiles.reload", tooltip="Read the files again."),
        Binding("tab", "app.focus_next", "Values", id="profiles.values", tooltip="Scroll values."),
    ]

    profiles = query_one("#list", RowList)

    @dataclass
    class Listed(Message):
        """The profiles were read."""

        listing: Listing

    def compose_body(self) -> ComposeResult:
        """Yield the list, and the values of the selected profile below or beside it."""
        with Container(id="body"):
            yield RowList(id="list")
            with VerticalScroll(id="details"):
                yield Static(markup=False)

    def on_mount(self) -> None:
        self._by_name: dict[str, Profile] = {}
        self._broken: dict[str, InvalidFileError] = {}
        self.watch(program(self), "servers", self._show, init=False)
        self.profiles.focus()

    def on_screen_resume(self) -> None:
        self.action_reload()

    def on_profiles_screen_listed(self, message: Listed) -> None:
        """Take over what was read."""
        self._by_name = {profile.name: profile for profile in message.listing.profiles}
        problems = enumerate(message.listing.problems)
        self._broken = {f"{_BROKEN}{number}": error for number, error in problems}
        self._show()
        self._show_details()

    def _show(self) -> None:
        running = {server.profile for server in program(self).servers if server.alive}
        rows: list[Row] = [
            (name, partial(_drawn, profile, name in running))
            for name, profile in self._by_name.items()
        ]
        rows += [
            (name, partial(profile_rows.broken_row, error)) for name, error in self._broken.items()
        ]
        self.profiles.show(rows)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the values of the highlighted profile."""
        event.stop()
        self._show_details()
        self.refresh_bindings()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Start the profile."""
        event.stop()
        self.action_start()

    def _show_details(self) -> None:
        name = self.profiles.selected
        content = Content("")
        if name in self._by_name:
            content = profile_rows.details(self._by_name[name])
        elif name in self._broken:
            content = profile_rows.broken_details(self._broken[name])
        self.query_one("#details Static", Static).update(content)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out starting a profile that cannot be read."""
        if action == "start":
            return True if self.profiles.selected in self._by_name else None
        return True

    def action_start(self) -> None:
        """Start the selected profile, asking for the model when it names none."""
        from termai.tui.starting import start

        profile = self._by_name.get(self.profiles.selected)
        if profile is not None:
            starting = partial(start, program(self), profile)
            self.flow(starting, group="start")

    def action_reload(self) -> None:
        """Read the profiles again."""
        self.background(work.listing, self.Listed, group="profiles", exclusive=True)


def _drawn(profile: Profile, running: bool, width: int) -> Content:
    return profile_rows.row(profile, width, running=running)
