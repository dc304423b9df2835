"""The Profiles mode: how models are launched; making, changing, keeping and starting profiles."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input, Static

from termai.text import one_line
from termai.tui import profile_rows, profile_work
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.screens.profiles_keys import KEYS, LIST_ONLY, OWN_ONLY
from termai.tui.widgets.model_text import TextPane
from termai.tui.widgets.profiles_list import FilterLine, ProfileList

if TYPE_CHECKING:
    from termai.profiles.history import Version
    from termai.profiles.profile import Profile
    from termai.tui.profile_work import Broken, Gone, Listed

_NONE_YET = "No profile of yours yet: n makes one for a model, i imports one."
SHORT_LINES = 16  # of the terminal, below which the values give way to the list


class ProfilesScreen(ModeScreen):
    """Lists the profiles, shows the values of the chosen one, and does things with it."""

    MODE = "profiles"
    HELP = """
A profile says how a model is launched: which file, how much context, what goes to the GPU.
n makes one for a model, with values that fit this machine; Enter opens one and explains every
option; s starts it. Profiles are TOML files: yours are in the directory named below each, termai's
come with it, and one of yours stands before one of termai's of the same name. i takes over what
KoboldCPP, LM Studio, Ollama, llama-swap or a pasted llama-server command line says.
"""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (SHORT_LINES, "-tall")]  # noqa: RUF012 - Textual's type
    DEFAULT_CSS = """
    ProfilesScreen #filter { display: none; height: 1; border: none; padding: 0 1; }
    ProfilesScreen #hint { display: none; height: auto; padding: 0 1; background: $panel; }
    ProfilesScreen #body { height: 1fr; layout: vertical; }
    ProfilesScreen #details { height: 9; border-top: solid $primary 40%; padding: 0 1; }
    ProfilesScreen.-wide #body { layout: horizontal; }
    ProfilesScreen.-wide ProfileList { width: 1fr; height: 100%; }
    ProfilesScreen.-wide #details {
        width: 50%; height: 100%; border-top: none; border-left: solid $primary 40%;
    }
    ProfilesScreen.-short #details { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *KEYS,
        Binding("down", "to_list", "List", id="profiles.list", show=False, tooltip="To the list."),
        Binding("escape", "all", "No filter", id="profiles.all", tooltip="Show all profiles."),
    ]

    profiles = query_one("#list", ProfileList)
    details = query_one("#details", TextPane)

    @dataclass
    class Read(Message):
        """The profiles were read."""

        listed: Listed

    @dataclass
    class Removed(Message):
        """A profile was removed."""

        gone: Gone

    @dataclass
    class Restored(Message):
        """A profile was brought back."""

        profile: Profile

    def __init__(self) -> None:
        super().__init__()
        self._listed: Listed | None = None
        self._gone: list[Version] = []

    def compose_body(self) -> ComposeResult:
        """Yield the filter, the list, and the values of the chosen profile below or beside it."""
        yield FilterLine(placeholder="words that a profile must have", id="filter", compact=True)
        yield Static(_NONE_YET, id="hint", markup=False)
        with Container(id="body"):
            yield ProfileList(filtering=self._filter, id="list")
            yield TextPane(id="details")

    def on_mount(self) -> None:
        self.profiles.focus()

    def on_screen_resume(self) -> None:
        app = program(self)
        if app.profile_to_show:
            self.profiles.select(app.profile_to_show)
            app.profile_to_show = ""
        self.action_reload()

    def action_reload(self) -> None:
        """Read the profiles again."""
        self.background(profile_work.listing, self.Read, group="profiles", exclusive=True)

    def on_profiles_screen_read(self, message: Read) -> None:
        """Take over what was read, and do what was asked for in another mode."""
        self._listed = message.listed
        self._show()
        app = program(self)
        if app.profile_action and self.is_current:
            self.call_later(self.run_action, app.profile_action)
            app.profile_action = ""

    def _show(self) -> None:
        if self._listed is not None:
            self.query_one("#hint").display = not (self._listed.own or self._listed.broken)
            self.profiles.fill(self._listed, self.query_one("#filter", Input).value)
            self._show_details()
            self.refresh_bindings()

    def on_model_table_chosen(self, event: ProfileList.Chosen) -> None:
        """Show the values of the chosen profile."""
        event.stop()
        self._show_details(top=True)
        self.refresh_bindings()

    def _show_details(self, *, top: bool = False) -> None:
        profile, problem = self.profiles.profile, self.profiles.problem
        if profile is not None:
            self.details.show(partial(_values, profile), top=top)
        elif problem is not None:
            self.details.show(partial(_trouble, problem), top=top)
        else:
            self.details.show(_nothing, top=top)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the chosen profile allows; grey out the rest."""
        if action in {"to_list", "all"}:
            return self.has_class("-filtering")
        if action == "undo":
            return bool(self._gone)
        if action == "remove" and self.profiles.problem is not None:
            return True if self.profiles.problem.name else None
        if action in LIST_ONLY:
            profile = self.profiles.profile
            return True if profile and not (profile.shipped and action in OWN_ONLY) else None
        if action == "edit_text":
            return True if self.profiles.chosen else None
        return True

    def on_model_table_picked(self, event: ProfileList.Picked) -> None:
        """Open the profile in the editor of options; one that does not read in the user's own."""
        event.stop()
        if (profile := self.profiles.profile) is not None:
            self._edit(profile)
        else:
            self.action_edit_text()

    def _edit(self, profile: Profile) -> None:
        from termai.tui.screens.profile_editor import ProfileEditor

        if not profile.shipped:
            self.background(partial(profile_work.note, profile.name), group="note")
        self.app.push_screen(ProfileEditor(profile), self._edited)

    def _edited(self, profile: Profile | None) -> None:
        if profile is not None:
            self.profiles.select(profile.name)
        self.action_reload()

    def action_start(self) -> None:
        """Start the chosen profile, asking for the model when it names none."""
        from termai.tui import profile_actions

        if (profile := self.profiles.profile) is not None:
            self.flow(partial(profile_actions.start, program(self), profile), group="start")

    def action_new(self) -> None:
        """Make a profile and open it."""
        from termai.tui import profile_actions

        self.flow(partial(self._made, partial(profile_actions.new, program(self))), group="new")

    async def _made(self, make: Callable[[], Awaitable[str]]) -> None:
        name = await make()
        if name:
            self.profiles.select(name)
            self._edit(await program(self).threads.run(profile_work.load, name))

    def action_duplicate(self) -> None:
        """Copy the chosen profile."""
        from termai.tui import profile_actions

        self._named(profile_actions.duplicate)

    def action_rename(self) -> None:
        """Give the chosen profile another name."""
        from termai.tui import profile_actions

        self._named(profile_actions.rename)

    def _named(self, ask: Callable[..., Awaitable[str]]) -> None:
        """Do what ends with the name of a profile, which is chosen then."""
        if (profile := self.profiles.profile) is not None:
            self.flow(partial(self._choose, partial(ask, program(self), profile)), group="name")

    async def _choose(self, ask: Callable[[], Awaitable[str]]) -> None:
        if name := await ask():
            self.profiles.select(name)
            self.action_reload()

    def action_remove(self) -> None:
        """Remove the chosen profile; undo brings it back."""
        profile, problem = self.profiles.profile, self.profiles.problem
        name = profile.name if profile and not profile.shipped else problem.name if problem else ""
        if name:
            work = partial(profile_work.remove, name)
            self.background(work, self.Removed, group="remove")

    def on_profiles_screen_removed(self, message: Removed) -> None:
        """Tell how to get it back, and that termai's own shows where there is one."""
        version = message.gone.version
        self._gone.append(version)
        name = one_line(version.name, 60)
        command = f"termai profiles restore {shlex.quote(name)}"
        told = f"Removed {name}. u brings it back; later, `{command}` does."
        if message.gone.shipped:
            told = f"Removed your {name}; termai's is used again. u brings yours back; later, h."
        self.notify(told, markup=False)
        self.action_reload()

    def action_undo(self) -> None:
        """Bring back what was removed last."""
        if self._gone:
            work = partial(profile_work.restore, self._gone.pop())
            self.background(work, self.Restored, group="remove")

    def on_profiles_screen_restored(self, message: Restored) -> None:
        """Show what is there again."""
        self.notify(f"{one_line(message.profile.name, 60)} is back.", markup=False)
        self._edited(message.profile)

    def action_import(self) -> None:
        """Take over profiles from a file of another program or a pasted command line."""
        from termai.tui.screens.profiles_import import ImportScreen

        self.app.push_screen(ImportScreen(), self._imported)

    def _imported(self, profiles: tuple[Profile, ...] | None) -> None:
        if profiles:
            self._edited(profiles[0])

    def action_export(self) -> None:
        """Write the chosen profile as a file of another program."""
        from termai.tui.screens.profiles_export import ExportScreen

        if (profile := self.profiles.profile) is not None:
            self.app.push_screen(ExportScreen(profile))

    def action_compare(self) -> None:
        """Show what differs between the chosen profile and another one."""
        from termai.tui import profile_actions

        if (profile := self.profiles.profile) is not None:
            others = tuple(name for name in self.profiles.names if name != profile.name)
            comparing = partial(profile_actions.compare, program(self), profile, others)
            self.flow(comparing, group="compare")

    def action_history(self) -> None:
        """Show what was saved of the chosen profile."""
        from termai.tui.screens.profiles_history import HistoryScreen

        if (profile := self.profiles.profile) is not None:
            self.app.push_screen(HistoryScreen(profile.name), self._restored)

    def _restored(self, profile: Profile | None) -> None:
        if profile is not None:
            self._edited(profile)

    def action_edit_text(self) -> None:
        """Edit the chosen profile's file in the user's editor."""
        if (profile := self.profiles.profile) is not None:
            named = profile if profile.shipped else profile.name  # as it is on disk by now
            self.flow(partial(self._edit_text, named), group="text")
        elif (problem := self.profiles.problem) is not None and problem.name:
            self.flow(partial(self._edit_text, problem.name), group="text")

    async def _edit_text(self, profile: Profile | str) -> None:
        from termai.tui import profile_actions

        self._edited(await profile_actions.edit_text(program(self), profile))

    def action_command(self) -> None:
        """Show and copy the command line that a start runs."""
        from termai.tui import profile_actions

        if (profile := self.profiles.profile) is not None:
            self.flow(partial(profile_actions.show_command, program(self), profile), group="tell")

    def action_check(self) -> None:
        """Check the chosen profile's flags against the engine's own."""
        if (profile := self.profiles.profile) is not None:
            self.flow(partial(self._check, profile), group="check")

    async def _check(self, profile: Profile) -> None:
        from termai.tui import profile_actions

        if saved := await profile_actions.check(program(self), profile):
            self._edited(saved)

    def action_filter(self) -> None:
        """Type words that a profile must have."""
        self._filter()

    def _filter(self) -> Input:
        self.add_class("-filtering")
        line = self.query_one("#filter", Input)
        line.display = True  # at once: what is hidden takes no focus, and keys may follow
        self.set_focus(line)
        self.refresh_bindings()
        return line

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what has every word that is typed."""
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in the list."""
        event.stop()
        self.action_to_list()

    def action_to_list(self) -> None:
        """Go from the filter to the list."""
        self.set_focus(self.profiles)

    def action_all(self) -> None:
        """Show all profiles again."""
        line = self.query_one("#filter", Input)
        line.value = ""
        line.display = False
        self.remove_class("-filtering")
        self.set_focus(self.profiles)
        self.refresh_bindings()


def _values(profile: Profile, width: int, height: int) -> Content:
    return profile_rows.details(profile, width)


def _trouble(problem: Broken, width: int, height: int) -> Content:
    return profile_rows.broken_details(problem.error)


def _nothing(width: int, height: int) -> Content:
    return Content("")
