"""The command palette: every key that works now, and every profile and server by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider

from termai.text import one_line
from termai.tui import work
from termai.tui.background import program
from termai.tui.status import ALIVE


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
        app = program(self.app)
        for name in self._profiles:
            start = partial(app.start_profile, name)
            yield Command(f"Start profile {one_line(name)}", "Launch it as a server", start)

    def _keys(self) -> Iterator[Command]:
        seen: set[str] = set()
        for node, binding, enabled, tooltip in self.screen.active_bindings.values():
            if not binding.id or not enabled or binding.id in seen:
                continue
            seen.add(binding.id)
            key = self.app.get_key_display(binding)
            call = partial(self.app.run_action, binding.action, node)
            yield Command(binding.description, f"{key}  {tooltip or ''}".strip(), call)

    def _servers(self) -> Iterator[Command]:
        app = program(self.app)
        for server in app.servers:
            if server.state in ALIVE:
                name = one_line(server.name)
                yield Command(f"Chat with {name}", server.url, partial(app.open_chat, server.name))
                yield Command(
                    f"Stop server {name}", server.url, partial(app.stop_server, server.name)
                )
