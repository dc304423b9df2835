"""Frozen snapshots of this machine: its GPUs, processor and memory, as far as they can be read."""

from dataclasses import dataclass

from termai.hardware import gpus, host
from termai.hardware.gpu import Gpu, Vendor

__all__ = ["Gpu", "Snapshot", "Vendor", "snapshot"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the machine was doing at one moment; a value that cannot be read is None.

    gpus: NVIDIA's in the driver's order, then those of AMD and Intel. cpu_percent: 0 to 100 over
    all cores since the snapshot before; None in the first one. ram_used, ram_total: bytes; what
    could be given to a new program without swapping does not count as used.
    """

    gpus: tuple[Gpu, ...] = ()
    cpu_percent: float | None = None
    ram_used: int | None = None
    ram_total: int | None = None


def snapshot() -> Snapshot:
    """Read the machine now; takes about a millisecond after the first call, and never raises."""
    used, total = host.memory()
    return Snapshot(gpus.read_all(), host.cpu_percent(), used, total)
