"""The room that there will be once a server has been stopped."""

from dataclasses import replace
from pathlib import Path

from termai.models.fit import Machine
from termai.servers.facts import HOST, device_of
from termai.servers.records import Server

_PROC = Path("/proc")
_OWN_MEMORY = "RssAnon:"  # what no file on the disk backs, proc(5)
_KIB = 1 << 10


def without(here: Machine, server: Server) -> Machine | None:
    """Return the machine with what ``server`` holds counted as free; ``here`` has it in use.

    None where that cannot be told: it has memory on GPUs, and the driver does not say how much.
    Mapped weights are not counted, since the kernel counts them as free already.
    """
    pid = server.pid
    if pid is None:
        return here
    held = {one.gpu: one.bytes for one in here.holders if one.pid == pid}
    told = bool(held) and None not in held.values()
    if here.gpus and _is_on_gpus(server) and not told:
        return None
    gpus = tuple(
        replace(gpu, free=min(gpu.total, gpu.free + (held.get(gpu.index) or 0)))
        for gpu in here.gpus
    )
    free = min(here.ram_total, here.ram_free + _own_memory(pid))
    return replace(here, gpus=gpus, ram_free=max(here.ram_free, free))


def _is_on_gpus(server: Server) -> bool:
    return any(device_of(buffer.device) != HOST for buffer in server.facts.buffers)


def _own_memory(pid: int) -> int:
    """Return the bytes of a process that are free once it ended, 0 where nobody tells."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
        return next(
            (int(line.split()[1]) * _KIB for line in lines if line.startswith(_OWN_MEMORY)), 0
        )
    except (OSError, ValueError, IndexError):
        return 0
