"""The line above the input: why one cannot talk to a server now, and which key helps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from termai.text import one_line
from termai.tui import formats
from termai.tui.screens.chat_target import FIRST_PROFILE, last_profile, pick

if TYPE_CHECKING:
    from termai.servers.records import Server

_STAGES = {"starting": "starts", "loading": "loads its model", "warmup": "warms up"}
_BAR_CELLS = 10
_SMOKE = """\
smoke is ready: a tiny model that shows whether everything works. It knows
little else than its own questions. Ask, for example:

  What is the capital of France?
  Think first. What is 17 plus 25?
  Show me some Markdown.
  What can you do?

F2 has the models on this machine, F3 the profiles that run them."""


def notice(
    servers: Sequence[Server], wanted: str, *, starting: str = "", pending: bool = False
) -> str:
    """Return what to say about the server, empty when it is ready.

    starting: the profile that was asked for and is not listed yet. pending: whether a message
    waits for the server.
    """
    server = pick(servers, wanted)
    then = " Your message is sent then; Escape takes it back." if pending else ""
    if server is not None:
        return "" if server.state == "ready" else f"{_coming(server)}{then}"
    if starting:
        return f"{starting} starts.{then}"
    ended = next((s for s in servers if s.name == wanted and s.problem), None)
    profile = ended.profile if ended else last_profile(servers)
    if ended is not None:
        return f"{ended.name} ended: {ended.problem} Enter starts {profile} again; F4 has its log."
    return f"No server is running. Enter starts {profile}."


def hint(server: Server | None) -> str:
    """Return what to show in a conversation without messages."""
    if server is None or server.state != "ready":
        return ""
    if server.profile == FIRST_PROFILE:
        return _SMOKE
    return f"{one_line(server.name)} is ready. Write below; ^l has the earlier conversations."


def _coming(server: Server) -> str:
    if server.state == "stopping":
        return f"{server.name} is being stopped."
    words = _STAGES.get(str(server.facts.stage), "starts")
    part = server.facts.progress
    if part is None:
        return f"{server.name} {words}."
    return f"{server.name} {words} {formats.bar(part, _BAR_CELLS)} {part:.0%}."
