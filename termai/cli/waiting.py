"""Waiting for a server where a person can watch, and telling how it went."""

import sys
from collections.abc import Callable

from termai import settings
from termai.cli.drawn import DrawnLine
from termai.cli.ending import InterruptedWaitError
from termai.cli.style import out, out_json, paint, warn
from termai.cli.targets import running
from termai.profiles.option import REMOTE
from termai.profiles.schema import option
from termai.servers import readiness, tunnel
from termai.servers.readiness import Progress
from termai.servers.records import Offload, Server, ServerState
from termai.text import one_line


def ready(name: str, start: Callable[[], Server], *, wait: bool = True) -> Server:
    """Return the server called ``name`` that ``start`` returns once it is ready.

    Warns of settings that could not be read, as their defaults decide then. Shows progress on a
    terminal; without ``wait`` returns as soon as it was started. Raises what ``start`` raises, and
    StartFailedError. Ctrl-C leaves the server starting and says so.
    """
    for problem in settings.load().problems:
        warn(problem)
    try:
        server = start()
        for warning in server.warnings if server.state is not ServerState.READY else ():
            warn(warning)
        with _Line(server.name) as line:
            return readiness.wait_ready(server, on_progress=line.show) if wait else server
    except KeyboardInterrupt as error:
        if running(name) is None:
            raise
        raise InterruptedWaitError(
            f"{name} goes on starting. `termai logs {name} -f` shows how far it is, "
            f"`termai stop {name}` stops it."
        ) from error


def tell_started(server: Server, *, as_json: bool) -> None:
    """Print what a person needs of a server that was started: where it is, and on what."""
    if as_json:
        out_json(server.as_json())
        return
    out(f"{one_line(server.name)} is {server.state}: {server.url}")
    facts = {
        "model": server.model,
        "offload": offloaded(server.offload),
        "context": f"{server.ctx_size} tokens" if server.ctx_size else "",
        "port": _moved(server),
        "from afar": tunnel.ssh_line(server.url) if server.engine != REMOTE else "",
    }
    for name, value in facts.items():
        if value:
            out(f"  {name:<10} {one_line(value)}")
    if server.problem:
        out(paint(one_line(server.problem), "bad", sys.stdout))


def _moved(server: Server) -> str:
    """Return why a server has another port than its profile says, empty where it has that."""
    asked = server.option("port") or option("port").default
    if server.engine == REMOTE or not server.port or asked == server.port:
        return ""
    return f"{server.port}, as something else listens on {asked}, which the profile says"


def offloaded(told: Offload) -> str:
    """Return where the layers are, in words; empty where that is not known."""
    layers, total, devices = told
    if not total:
        return ""
    named = ", ".join(devices)
    lent = any(device.startswith("RPC") for device in devices)  # of a GPU, or of a processor
    return f"{layers} of {total} layers on {named if lent else f'a GPU ({named})'}"


class _Line(DrawnLine):
    """How far a server is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = one_line(name, 40)

    def show(self, progress: Progress) -> None:
        """Draw how far the server is."""
        done = "" if progress.fraction is None else f" {progress.fraction:.0%}"
        self.draw(f"{self._name}: {progress.text}{done}")
