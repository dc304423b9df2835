"""What runs where: the servers as a table or as JSON."""

import sys
import time

from termai.cli.style import Look, out, out_json, table, warn, width
from termai.servers import registry
from termai.servers.records import Server, ServerState
from termai.text import one_line

_LOOKS: dict[str, Look] = {
    ServerState.READY: "good",
    ServerState.STARTING: "busy",
    ServerState.LOADING: "busy",
    ServerState.STOPPING: "busy",
    ServerState.STOPPED: "dim",
    ServerState.FAILED: "bad",
    ServerState.LOST: "bad",
}
_HEADS = ("NAME", "STATE", "URL", "GPU LAYERS", "CONTEXT", "TIME", "MODEL")
_WITH_MODEL = 110  # columns from which there is room for the last of them


def ps(*, past: bool, as_json: bool) -> int:
    """Print the servers, with ``past`` those that ended too; returns the exit code.

    What lends this machine to servers elsewhere is counted below them, not in the JSON.
    """
    servers = registry.list_servers(past=past)
    if as_json:
        out_json([server.as_json() for server in servers])
    elif servers:
        for line in _lines(servers, time.time()):
            out(line)
    else:
        out(
            "No server runs. `termai start PROFILE` starts one; `termai profiles list` shows which."
        )
    if not as_json and (lent := registry.lending()):
        runs = "RPC server runs" if lent == 1 else "RPC servers run"
        out(f"{lent} {runs} to lend this machine: `termai engines rpc --list`.")
    for _, sentence in registry.broken():
        warn(sentence)
    return 0


def offload_text(server: Server) -> str:
    """Return ``29/29 CUDA0``: the layers on GPUs, of how many, and the devices that hold any."""
    layers, total, devices = server.offload
    return f"{layers}/{total} {'+'.join(devices)}" if total else "-"


def _lines(servers: list[Server], now: float) -> list[str]:
    """Return the table, and under it a line for each server with a problem."""
    columns = width(sys.stdout)
    shown = len(_HEADS) if columns >= _WITH_MODEL else len(_HEADS) - 1
    lines = table(
        _HEADS[:shown],
        [_row(server, now)[:shown] for server in servers],
        columns,
        flexible=(0, shown - 1) if shown == len(_HEADS) else (0,),
        looks=[{1: _LOOKS[server.state]} for server in servers],
    )
    problems = [one_line(f"{s.name}: {s.problem}") for s in servers if s.problem]
    return [*lines, *([""] if problems else []), *problems]


def _row(server: Server, now: float) -> tuple[str, ...]:
    return (
        server.name,
        str(server.state),
        server.url if server.alive else "-",
        offload_text(server),
        str(server.ctx_size or "-"),
        _time(server, now),
        server.model.rpartition("/")[2],
    )


def _time(server: Server, now: float) -> str:
    """Return how long it has run, or how long ago it ended."""
    if server.alive:
        return span(now - server.started_at) if server.started_at else "-"
    ended = server.job.state.ended_at
    return f"{span(now - ended)} ago" if ended else "-"


def span(seconds: float) -> str:
    """Return a duration in the two largest of days, hours, minutes and seconds."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {whole % 60:02}s" if minutes else f"{whole}s"
