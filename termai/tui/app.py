"""The program: five modes over the same servers, machine and themes."""

from __future__ import annotations

import sys
from asyncio import Event, timeout
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen

from termai.settings import LoadedSettings
from termai.text import one_line
from termai.tui import terminal, work
from termai.tui.background import Background
from termai.tui.messages import (
    Failed,
    MachineSeen,
    ModeLoaded,
    OpeningPlanned,
    ServersSeen,
    ServerStarted,
    ServerStopped,
)
from termai.tui.opening import FIRST_PROFILE, MODES, FirstStart, Opening
from termai.tui.screens.first import FirstScreen
from termai.tui.status import Activity
from termai.tui.threads import Threads
from termai.tui.toasts import ToastApp

if TYPE_CHECKING:
    from termai.hardware import Snapshot
    from termai.servers.records import Server

POLL_SECONDS = 2.0
LOADING_POLL_SECONDS = 0.5
LOADING = frozenset({"starting", "loading", "stopping"})
_TITLES = {mode: mode.capitalize() for mode in MODES}
_HELP = "What this mode is for, and every key that works now."
_PURPOSES = {
    "environment": "What this machine has and lacks.",
    "models": "The model files on this machine.",
    "profiles": "How models are launched.",
    "servers": "What runs, what ran, and their logs.",
    "chat": "Talk to a server.",
}


def _screen(mode: str) -> Screen[Any]:
    """Make the screen of a mode; its module is imported when the mode is first opened."""
    screen: Screen[Any] = getattr(_module(mode), f"{_TITLES[mode]}Screen")()
    return screen


def _module(mode: str) -> ModuleType:
    from importlib import import_module

    return import_module(f"termai.tui.screens.{mode}")


def _commands() -> type[Provider]:
    from termai.tui.commands import Commands

    return Commands


def _mode_bindings() -> list[BindingType]:
    return [
        Binding(
            f"f{number},alt+{number}",
            f"mode('{mode}')",
            _TITLES[mode],
            id=f"mode.{mode}",
            tooltip=_PURPOSES[mode],
            show=False,
            priority=True,
        )
        for number, mode in enumerate(MODES, 1)
    ]


class TermaiApp(Background, ToastApp):
    """The program; its state is what all modes share, and the rest is in their screens.

    machine: the last snapshot of the hardware. servers: running and past servers, newest first.
    servers_known: whether they have been looked at, so that none means none.
    rate: tokens per second that servers wrote lately.
    chat_server: name of the server that Chat is to talk to, empty while none was chosen.
    selected_server: name of the server that Servers is to show. first_start: how the start of the
    shipped model fares. They are reactive; screens watch them. profile_to_show: name of the
    profile that Profiles chooses when it is next shown. profile_action: what Profiles does then,
    as its keys name it.
    """

    TITLE = "termai"
    COMMANDS = {_commands}  # noqa: RUF012 - Textual's type
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's type
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        mode: partial(_screen, mode) for mode in MODES
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *_mode_bindings(),
        Binding("f6", "keys", "Help", id="help", tooltip=_HELP),
        Binding("ctrl+p", "command_palette", "Menu", id="menu", tooltip="Everything, by name."),
        Binding("question_mark", "keys", "Help", id="help.mark", show=False, tooltip=_HELP),
        Binding("f8", "change_theme", "Theme", id="theme", show=False, tooltip="Choose colours."),
        Binding("ctrl+q", "quit", "Quit", id="quit", priority=True, tooltip="Servers keep on."),
    ]

    machine: reactive[Snapshot | None] = reactive(None, repaint=False)
    servers: reactive[tuple[Server, ...]] = reactive((), repaint=False)
    servers_known: reactive[bool] = reactive(False, repaint=False)
    rate: reactive[float] = reactive(0.0, repaint=False)
    first_start: reactive[FirstStart] = reactive(FirstStart(), repaint=False)
    chat_server: reactive[str] = reactive("", repaint=False)
    selected_server: reactive[str] = reactive("", repaint=False, always_update=True)

    def __init__(self, plan: Callable[[], Opening], settings: LoadedSettings) -> None:
        """Show what ``plan``, called in a thread after the first paint, returns."""
        super().__init__()
        self._plan = plan
        self.opening = Opening()
        self._wanted_mode = ""
        self.profile_to_show = self.profile_action = ""
        self.settings = settings
        self.threads = Threads()
        self._activity = Activity()

    def get_default_screen(self) -> Screen[Any]:
        """Return what is painted first: the top line alone, which needs no further imports."""
        return FirstScreen()

    def on_mount(self) -> None:
        self.use_theme_of_settings()
        self.wake = Event()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        """Do after the first paint what takes longer than it may."""
        self.background(self._planned, OpeningPlanned, group="opening")
        self.flow(self._watch, group="watch")
        self.background(work.revive_downloads, group="revive")
        for problem in self.settings.problems:
            self.post_message(Failed(problem))

    def _planned(self) -> Opening:
        opening = self._plan()
        _module(opening.mode)
        return opening

    def on_opening_planned(self, message: OpeningPlanned) -> None:
        """Open the first mode, unless a key has opened another or ended the program meanwhile."""
        if not self.screen_stack:
            return
        opening = self.opening = message.opening
        self.chat_server = self.chat_server or opening.chat_with
        if not self._wanted_mode:
            self.action_mode(opening.mode)
        if opening.start_profile:
            self.start_first(opening.start_profile)

    def use_theme_of_settings(self) -> None:
        """Use the theme of the settings; whatever is wrong with themes is one toast."""
        from termai.tui import themes

        problem = themes.apply(self, self.settings.values.theme)
        if problem:
            self.post_message(Failed(problem.sentence, problem.fix))

    async def _watch(self) -> None:
        """Look at the machine and the servers for as long as there is a terminal to show them."""
        said = ""
        while not terminal.hung_up():
            problem = ""
            for read, message in _READERS:
                try:
                    self.post_message(message(await self.threads.run(read)))
                except Exception as error:  # noqa: BLE001 - one bad look must not end looking
                    problem = str(error)
                    if problem != said:
                        self.post_message(Failed.of(error))
            said = problem
            await self._until_next_look()
        self.exit(terminal.HANGUP_EXIT)

    async def _until_next_look(self) -> None:
        self.wake.clear()
        loading = any(server.state in LOADING for server in self.servers)
        with suppress(TimeoutError):
            async with timeout(LOADING_POLL_SECONDS if loading else POLL_SECONDS):
                await self.wake.wait()

    def on_machine_seen(self, message: MachineSeen) -> None:
        self.machine = message.snapshot

    def on_servers_seen(self, message: ServersSeen) -> None:
        self.servers = message.servers
        self.servers_known = True
        self._activity.see(message.servers, monotonic())
        self.rate = self._activity.rate(monotonic())

    def on_failed(self, message: Failed) -> None:
        """Show what went wrong and what to do about it."""
        self.notify(one_line(f"{message.sentence} {message.fix}"), severity="error")

    def on_server_started(self, message: ServerStarted) -> None:
        if not self._is_told_of(message.server.name):
            self.notify(f"{one_line(message.server.name)} starts.", markup=False)
        if message.server.warnings:
            self.notify(one_line(" ".join(message.server.warnings)), severity="warning")
        self.selected_server = message.server.name
        self.wake.set()

    def on_server_stopped(self, message: ServerStopped) -> None:
        self.notify(f"{one_line(message.server.name)} stopped.", markup=False)
        self.wake.set()

    def start_profile(self, name: str) -> None:
        """Start the profile called ``name``; the answer is ServerStarted or Failed."""
        self.background(partial(work.start_profile, name), ServerStarted, group="start")

    def start_first(self, name: str) -> None:
        """Start the shipped profile called ``name``; Environment shows how that fares, too."""
        self.first_start = FirstStart(asked=True)
        self.flow(partial(self._start_first, name), group="start")

    async def _start_first(self, name: str) -> None:
        try:
            server = await self.threads.run(partial(work.start_profile, name))
        except Exception as error:  # noqa: BLE001 - whatever it is, the first steps say it
            failed = Failed.of(error)
            self.first_start = FirstStart(trouble=f"{failed.sentence} {failed.fix}".strip())
            self.post_message(failed)
        else:
            self.post_message(ServerStarted(server))

    def stop_server(self, name: str) -> None:
        """Stop the running server called ``name``; the answer is ServerStopped or Failed."""
        self.background(partial(work.stop_server, name), ServerStopped, group="stop")

    def restart_server(self, name: str) -> None:
        """Stop and start the server called ``name``; the answer is ServerStarted or Failed."""
        self.background(partial(work.restart_server, name), ServerStarted, group="start")

    def open_chat(self, server_name: str = "") -> None:
        """Switch to Chat, with the server called ``server_name`` when one is named."""
        if server_name:
            self.chat_server = server_name
        self.action_mode("chat")

    def do_in_profiles(self, action: str) -> None:
        """Switch to Profiles and do there what one of its keys does."""
        with suppress(KeyError):  # not opened yet
            if len(self.get_screen_stack("profiles")) > 1:  # an editor, which is left first
                action = ""
        self.profile_action = action
        self.action_mode("profiles")

    def action_mode(self, mode: str) -> None:
        """Switch to a mode, closing the palette."""
        if self._in_palette:
            self.pop_screen()
        self._wanted_mode = mode
        if f"termai.tui.screens.{mode}" in sys.modules:
            self.switch_mode(mode)
        else:
            self.background(partial(_loaded, mode), ModeLoaded, group="mode")

    def on_mode_loaded(self, message: ModeLoaded) -> None:
        """Switch to a mode that was asked for and not yet imported."""
        if message.mode == self._wanted_mode:
            self.switch_mode(message.mode)

    async def action_quit(self) -> None:
        """Quit, and say on the terminal what was left unsaved: it is kept."""
        from rich.text import Text

        names = ", ".join(one_line(name, 60) for name in self._unsaved())
        kept = f"Not saved, and kept as it is for when you open it again: {names}."
        self.exit(message=Text(kept) if names else None)

    def _unsaved(self) -> Iterator[str]:
        """Yield the names of the profiles with unsaved changes in an editor."""
        if "termai.tui.screens.profile_editor" not in sys.modules:
            return
        from termai.tui.screens.profile_editor import ProfileEditor

        for mode in MODES:
            with suppress(KeyError):  # not opened
                for screen in self.get_screen_stack(mode):
                    if isinstance(screen, ProfileEditor) and screen.draft.unsaved:
                        yield screen.draft.profile.name

    def action_change_theme(self) -> None:
        """Choose a theme, seeing each as it is highlighted."""
        from termai.tui.screens.theme_picker import ThemePicker

        self.push_screen(ThemePicker(self.theme))

    def action_keys(self) -> None:
        """Show what this mode is for and the keys that work now."""
        from termai.tui.screens.keys import KeysScreen

        self.push_screen(KeysScreen(self.screen))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the variables of our own style sheets that a foreign theme does not set."""
        from termai.tui.themes import OUR_VARIABLES

        return OUR_VARIABLES

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep the modes' keys quiet while a question is open, but for the palette's."""
        if action in {"mode", "change_theme", "keys"}:
            return not isinstance(self.screen, ModalScreen) or self._in_palette
        return True

    def _is_told_of(self, name: str) -> bool:
        """Return whether what is on the screen says itself how far the start of a server is."""
        first = self.first_start.asked and name == FIRST_PROFILE
        return self.current_mode == "chat" or (first and self.current_mode == "environment")

    @property
    def _in_palette(self) -> bool:
        return isinstance(self.screen, CommandPalette)

    def on_unmount(self) -> None:
        self.threads.close()


def _loaded(mode: str) -> str:
    _module(mode)
    return mode


_READERS: tuple[tuple[Callable[[], Any], Callable[[Any], Message]], ...] = (
    (work.machine, MachineSeen),
    (work.servers, ServersSeen),
)
