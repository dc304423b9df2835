"""Frozen snapshots of this machine: its GPUs, processor and memory, as far as they can be read."""

from termai.hardware.gpu import Gpu, Vendor
from termai.hardware.sampler import Sampler
from termai.hardware.shot import Snapshot

__all__ = ["Gpu", "Sampler", "Snapshot", "Vendor", "sampler", "snapshot"]

sampler = Sampler()
"""The one that all screens of this program share."""


def snapshot() -> Snapshot:
    """Read the machine now; takes about a millisecond after the first call, and never raises."""
    return sampler.sample()
