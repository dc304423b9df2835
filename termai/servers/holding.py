"""Who holds the memory of the GPUs, servers of ours by their names."""

from dataclasses import replace

from termai.hardware import holders
from termai.hardware.holders import Holder
from termai.jobs.processes import group_members
from termai.servers import registry


def read() -> tuple[Holder, ...]:
    """Return who holds memory of each GPU, the largest first, servers of ours named; never raises.

    ``Holder.server`` is the name of the running server that the process belongs to.
    """
    found = holders.read()
    if not found:
        return ()
    owners = _owners()
    return tuple(replace(holder, server=owners.get(holder.pid, "")) for holder in found)


def _owners() -> dict[int, str]:
    """Return which server each process of a running one belongs to."""
    servers = registry.list_servers(past=False)
    return {
        member.pid: server.name
        for server in servers
        if server.pid
        for member in group_members(server.pid)
    }
