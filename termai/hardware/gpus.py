"""The GPUs of this machine, whoever made them; one that cannot be read is not there."""

from termai.hardware import apple, drm, nvidia
from termai.hardware.gpu import Gpu, Vendor
from termai.hardware.nvidia import processes

__all__ = ["Gpu", "Vendor", "processes", "read", "read_all"]


def read() -> tuple[Gpu, ...]:
    """Return the GPUs of NVIDIA in the driver's order: those that CUDA counts, by its numbers."""
    return nvidia.read()


def read_all() -> tuple[Gpu, ...]:
    """Return NVIDIA's GPUs, then those of AMD, Intel and Apple; numbers are of their vendor."""
    return (*nvidia.read(), *drm.read(), *apple.read())
