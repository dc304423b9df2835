"""The command palette: every key that works now, what Profiles does, and all that has a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider

from termai.text import one_line
from termai.tui import work
from termai.tui.background import program
from termai.tui.screens.profiles_keys import KEYS
from termai.tui.status import ALIVE

_THERE_ONLY = frozenset({"undo", "filter", "reload"})


class Command(NamedTuple):
    """One line of the palette."""

    title: str
    help: str
    call: Callable[[], object]


class Commands(Provider):
    """Offers the bindings of the mode under the palette, and starting, stopping and chatting."""

    async def startup(self) -> None:
        """Read the names of the profiles, in a thread."""
        profiles = await program(self.app).threads.run(work.profiles)
        self._profiles = tuple(profile.name for profile in profiles)

    async def discover(self) -> Hits:
        """Yield everything, before anything is typed."""
        for command in self._commands():
            yield DiscoveryHit(command.title, command.call, help=command.help)

    async def search(self, query: str) -> Hits:
        """Yield what matches the query."""
        matcher = self.matcher(query)
        for command in self._commands():
            score = matcher.match(command.title)
            if score > 0:
                shown = matcher.highlight(command.title)
                yield Hit(score, shown, command.call, help=command.help)

    def _commands(self) -> Iterator[Command]:
        yield from self._keys()
        yield from self._servers()
        yield from self._in_profiles()
        app = program(self.app)
        for name in self._profiles:
            start = partial(app.start_profile, name)
            yield Command(f"Start profile {one_line(name)}", "Launch it as a server", start)
        yield Command("Screenshot", "Save the screen as SVG", app.deliver_screenshot)

    def _keys(self) -> Iterator[Command]:
        seen: set[str] = set()
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if not binding.id or not enabled or binding.id in seen:
                continue
            seen.add(binding.id)
            key = self.app.get_key_display(binding)
            call = partial(self.app.run_action, binding.action, node)
            yield Command(binding.description, f"{key}  {tooltip or ''}".strip(), call)

    def _in_profiles(self) -> Iterator[Command]:
        """Yield what the keys of Profiles do, where they do not work already."""
        app = program(self.app)
        if app.current_mode == "profiles":
            return
        for binding in Binding.make_bindings(KEYS):
            if binding.action not in _THERE_ONLY:
                do = partial(app.do_in_profiles, binding.action)
                yield Command(f"Profiles: {binding.description}", binding.tooltip, do)

    def _servers(self) -> Iterator[Command]:
        app = program(self.app)
        for server in app.servers:
            if server.state in ALIVE:
                name = one_line(server.name)
                yield Command(f"Chat with {name}", server.url, partial(app.open_chat, server.name))
                yield Command(
                    f"Stop server {name}", server.url, partial(app.stop_server, server.name)
                )
