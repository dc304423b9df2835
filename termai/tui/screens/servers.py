"""The Servers mode: what runs and what ran, and the log of the selected one."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.widgets import OptionList, Static

from termai.profiles.option import REMOTE
from termai.servers.tunnel import ssh_line
from termai.text import one_line
from termai.tui import server_rows
from termai.tui.background import program
from termai.tui.screens.base import ModeScreen
from termai.tui.screens.dialogs import Confirm, Note
from termai.tui.widgets.log_view import LogView
from termai.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from termai.servers.records import Server

REFRESH_S = 2.0
_COPY = "Copy the lines of the log that are on the screen."
_NONE_YET = "No server was started yet. Press s to choose a profile, or F2 for the model files."


class ServersScreen(ModeScreen):
    """Lists running and past servers; their logs follow below, and they outlive this program."""

    MODE = "servers"
    HELP = """
Servers run on their own: quitting termai or losing the connection stops none of them.
The list shows state, port, engine, the layers on a GPU, context, speed of the last reply and
uptime; a failed server says why and what to do. Below is the log of the selected server. It
follows until you move up in it (Tab goes there, arrows and PgUp move); f or G follow again.
"""
    DEFAULT_CSS = """
    ServersScreen #top { height: auto; max-height: 45%; min-height: 1; }
    ServersScreen #list { width: 1fr; height: auto; max-height: 100%; }
    ServersScreen #details { display: none; width: 44; height: auto; padding: 0 1; }
    ServersScreen #none { padding: 1 2; color: $muted; }
    ServersScreen #log-title { height: 1; background: $panel; padding: 0 1; }
    ServersScreen.-wide #details { display: block; border-left: solid $primary 40%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", id="servers.start", tooltip="Choose a profile to start."),
        Binding("x", "stop", "Stop", id="servers.stop", tooltip="Stop the server, after asking."),
        Binding("r", "restart", "Again", id="servers.restart", tooltip="Stop and start it again."),
        Binding("c", "chat", "Chat", id="servers.chat", tooltip="Talk to the selected server."),
        Binding("u", "copy_url", "URL", id="servers.url", tooltip="Copy the server's address."),
        Binding("t", "tunnel", "SSH", id="servers.tunnel", tooltip="Show the ssh line for it."),
        Binding("f", "follow", "Follow", id="log.follow", tooltip="Pause the log, or follow it."),
        Binding("g", "log_home", "Top", id="log.home", tooltip="The first line of the log."),
        Binding("y", "log_copy", "Copy log", id="log.copy", show=False, tooltip=_COPY),
        Binding("G", "log_end", "End", id="log.end", show=False, tooltip="The log's end."),
    ]

    servers = query_one("#list", RowList)
    log_view = query_one("#log", LogView)

    def compose_body(self) -> ComposeResult:
        """Yield list and details above, the log below."""
        with Horizontal(id="top"):
            yield RowList(id="list")
            yield Static(_NONE_YET, id="none", markup=False)
            yield Static(id="details", markup=False)
        yield Static(id="log-title", markup=False)
        yield LogView(id="log")

    def on_mount(self) -> None:
        app = program(self)
        self._opened_keys: tuple[str, str] = ("", "")
        self.watch(app, "servers", self._show)
        self.watch(app, "selected_server", self._select)
        self.watch(self.log_view, "following", self._title_log)
        self.watch(self.log_view, "unseen", self._title_log)
        self._clock = self.set_interval(REFRESH_S, self._show)
        self.servers.focus()

    def on_screen_suspend(self) -> None:
        self._clock.pause()

    def on_screen_resume(self) -> None:
        self._clock.resume()
        self._show()

    @property
    def selected(self) -> Server | None:
        """The server that is highlighted."""
        name = self.servers.selected
        return next((s for s in program(self).servers if s.name == name), None)

    def _show(self) -> None:
        servers = program(self).servers
        now = time.time()
        self.servers.display = bool(servers)
        self.query_one("#none").display = not servers
        self._draw_list(now)
        self._show_selected()

    def _draw_list(self, now: float) -> None:
        selected = self.servers.selected
        self.servers.show(
            [(s.name, partial(_drawn, s, now, s.name == selected)) for s in program(self).servers]
        )

    def _select(self, name: str) -> None:
        if name:
            self.servers.select(name)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the log of the highlighted server."""
        event.stop()
        self._draw_list(time.time())
        self._show_selected()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the log of the server."""
        event.stop()
        self.log_view.focus()

    def _show_selected(self) -> None:
        server = self.selected
        log = server.job.log_path if server else None
        if log != self.log_view.path:
            self.log_view.show(log)
        self.query_one("#details", Static).update(
            server_rows.details(server, time.time()) if server else ""
        )
        self._title_log()
        state = (server.name, str(server.state)) if server else ("", "")
        if state != self._opened_keys:
            self._opened_keys = state
            self.refresh_bindings()

    def _title_log(self) -> None:
        server = self.selected
        view = self.log_view
        if server is None:
            words = ""
        elif view.following:
            words = "following" if server.alive else "end"
        else:
            words = f"paused, {view.unseen:,} new lines below" if view.unseen else "paused"
        name = one_line(server.name, 40) if server else ""
        style = "" if view.following else "bold $text-warning"
        self.query_one("#log-title", Static).update(
            Content.assemble(("LOG ", "bold"), name, "  ", (words, style))
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what the selected server does not offer."""
        if action in {"stop", "chat", "copy_url", "tunnel"}:
            server = self.selected
            return True if server is not None and server.alive else None
        if action in {"restart", "follow", "log_home", "log_end", "log_copy"}:
            return True if self.selected is not None else None
        return True

    def action_start(self) -> None:
        """Choose a profile and start it."""
        from termai.tui.starting import pick_and_start

        server = self.selected
        first = server.profile if server and not server.alive else ""
        asking = partial(pick_and_start, program(self), first)
        self.flow(asking, group="start")

    def action_stop(self) -> None:
        """Stop the selected server if the answer is yes."""
        server = self.selected
        if server is None:
            return
        text = f"{one_line(server.name)} at {one_line(server.url)} will answer no more."
        self.app.push_screen(Confirm("Stop the server?", text), partial(self._stop, server.name))

    def _stop(self, name: str, yes: bool | None) -> None:
        if yes:
            program(self).stop_server(name)

    def action_restart(self) -> None:
        """Restart the selected server."""
        if self.selected is not None:
            program(self).restart_server(self.selected.name)

    def action_chat(self) -> None:
        """Talk to the selected server."""
        if self.selected is not None:
            program(self).open_chat(self.selected.name)

    def action_copy_url(self) -> None:
        """Copy the address of the selected server's OpenAI API."""
        if self.selected is not None:
            url = f"{self.selected.url}/v1"
            self.app.copy_to_clipboard(url)
            self.notify(f"Copied {url}", markup=False)

    def action_tunnel(self) -> None:
        """Copy and show the ssh command that reaches the server from a laptop."""
        if self.selected is not None:
            if self.selected.engine == REMOTE:
                text = f"{self.selected.name} runs elsewhere: {self.selected.url}"
                self.app.push_screen(Note("No tunnel", one_line(text), "Escape closes"))
                return
            line = ssh_line(self.selected.url)
            self.app.copy_to_clipboard(line)
            text = f"On your laptop, type:\n\n{line}\n\nthen open {self.selected.url}"
            self.app.push_screen(Note("SSH tunnel", text, "It was copied.  Escape closes"))

    def action_follow(self) -> None:
        """Pause the log, or follow it again."""
        self.log_view.following = not self.log_view.following

    def action_log_home(self) -> None:
        """Show the first line of the log."""
        self.log_view.scroll_home(animate=False)

    def action_log_copy(self) -> None:
        """Copy the lines of the log that are on the screen."""
        text = self.log_view.visible_text()
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {len(text.splitlines())} lines of the log.")

    def action_log_end(self) -> None:
        """Show the end of the log and follow it."""
        self.log_view.following = True


def _drawn(server: Server, now: float, full: bool, width: int) -> Content:
    return server_rows.row(server, width, now, full=full)
