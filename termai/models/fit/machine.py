"""The room that a model may take: free memory of each GPU and of the machine, and who has the rest.

"Free" is what the driver and the kernel say now; memory that a container's control group does not
allow is not there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from termai.hardware import cgroup, gpus, holders, host
from termai.hardware.holders import Holder

__all__ = ["GpuRoom", "Holder", "Machine", "described", "machine"]

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class GpuRoom:
    """A GPU's memory in bytes; ``index`` is its place in the driver's order."""

    name: str
    free: int
    total: int
    index: int = 0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a model could be loaded; bytes.

    ram_total: 0 where the machine does not tell. holders: who has memory of the GPUs.
    unmeasured: names of GPUs that do not tell their memory and are left out of ``gpus``.
    """

    gpus: tuple[GpuRoom, ...] = ()
    ram_free: int = 0
    ram_total: int = 0
    holders: tuple[Holder, ...] = ()
    unmeasured: tuple[str, ...] = ()

    @property
    def vram_free(self) -> int:
        """Bytes free over all GPUs."""
        return sum(gpu.free for gpu in self.gpus)

    def with_gpus(self, indices: Collection[int]) -> "Machine":
        """Return the machine with only the GPUs of these places in the driver's order."""
        return replace(
            self,
            gpus=tuple(gpu for gpu in self.gpus if gpu.index in indices),
            holders=tuple(holder for holder in self.holders if holder.gpu in indices),
        )

    def without_gpus(self) -> "Machine":
        """Return the machine as an engine sees it that can use the processor only."""
        return replace(self, gpus=(), holders=(), unmeasured=())

    def named(self, servers: Mapping[int, str]) -> "Machine":
        """Return the machine with the holders that are servers called so, by process id."""
        told = (replace(one, server=servers.get(one.pid, one.server)) for one in self.holders)
        return replace(self, holders=tuple(told))


def machine() -> Machine:
    """Read the room there is now, of GPUs those that CUDA counts; never raises."""
    seen = gpus.read()
    told = host.memory()
    used, total = told[0] or 0, told[1] or 0
    free = max(0, total - used)
    limit = cgroup.memory()
    if limit is not None and total:
        free, total = min(free, limit.free), min(total, limit.total)
    rooms = [
        GpuRoom(gpu.name, max(0, gpu.memory_total - gpu.memory_used), gpu.memory_total, gpu.index)
        for gpu in seen
        if gpu.memory_total and gpu.memory_used is not None
    ]
    measured = {room.index for room in rooms}
    unmeasured = tuple(gpu.name for gpu in seen if gpu.index not in measured)
    return Machine(tuple(rooms), free, total, holders.read(), unmeasured)


def described(
    here: Machine, vram: Sequence[float] | None = None, ram: float | None = None
) -> Machine:
    """Return another machine than this one, with nothing else running on it.

    vram: GiB of each GPU, zeros for none; None keeps the GPUs that are here. ram: GiB, None keeps
    what is here.
    """
    gpus, held, unmeasured = here.gpus, here.holders, here.unmeasured
    if vram is not None:
        sizes = [int(gib * _GIB) for gib in vram if gib > 0]
        names = ("a GPU" if len(sizes) == 1 else f"GPU {place}" for place in range(len(sizes)))
        gpus = tuple(
            GpuRoom(f"{name} with {size / _GIB:g} GiB", size, size, place)
            for place, (name, size) in enumerate(zip(names, sizes, strict=True))
        )
        held = unmeasured = ()
    if ram is None:
        return Machine(gpus, here.ram_free, here.ram_total, held, unmeasured)
    return Machine(gpus, int(ram * _GIB), int(ram * _GIB), held, unmeasured)
