"""RPC servers of this machine as lines of text and as JSON."""

from collections.abc import Sequence
from typing import Any

from termai.cli.style import out, out_json, warn
from termai.engines.rpc import WARNING
from termai.servers.rpc import RpcServer


def started(server: RpcServer, *, as_json: bool) -> int:
    """Tell of one that listens, and what to write where it is to be used."""
    if server.exposed:
        warn(f"Warning: {WARNING}")
    if as_json:
        out_json(_object(server))
        return 0
    out(f"The RPC server listens on {server.endpoint} and outlives this terminal.")
    if server.exposed:
        at = "this machine's address" if server.host == "0.0.0.0" else server.host  # noqa: S104
        out(f'  elsewhere  rpc = ["HOST:{server.port}"] under [load] of a profile, HOST being {at}')
    else:
        out(f'  here       rpc = ["{server.endpoint}"] under [load] of a profile')
        out(f"  elsewhere  through `ssh -L {server.port}:127.0.0.1:{server.port} THIS-MACHINE`")
    out(f"  stop       termai engines rpc --stop --port {server.port}")
    return 0


def stopped(servers: Sequence[RpcServer], *, as_json: bool) -> int:
    """Tell which were stopped."""
    if as_json:
        out_json([_object(server) for server in servers])
        return 0
    for server in servers:
        out(f"The RPC server on {server.endpoint} is stopped.")
    if not servers:
        warn("No RPC server of ours runs.")
    return 0


def shown(servers: Sequence[RpcServer], *, as_json: bool) -> int:
    """Print those that run."""
    if as_json:
        out_json([_object(server) for server in servers])
        return 0
    for server in servers:
        pid = server.job.state.child.pid if server.job.state.child else 0
        out(f"{server.endpoint}  process {pid}{'  reached by others' if server.exposed else ''}")
    if not servers:
        warn("No RPC server of ours runs. `termai engines rpc` starts one.")
    return 0


def _object(server: RpcServer) -> dict[str, Any]:
    return {
        "endpoint": server.endpoint,
        "host": server.host,
        "port": server.port,
        "pid": server.job.state.child.pid if server.job.state.child else None,
        "running": server.job.alive,
        "exposed": server.exposed,
        "id": server.job.id,
    }
