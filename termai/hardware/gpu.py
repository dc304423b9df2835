"""What is known of a GPU at one moment."""

from dataclasses import dataclass
from enum import StrEnum


class Vendor(StrEnum):
    """Who made a GPU."""

    NVIDIA = "nvidia"
    AMD = "amd"
    INTEL = "intel"
    APPLE = "apple"


@dataclass(frozen=True, slots=True)
class Link:
    """A PCI Express link: generation and number of lanes, now and at most; None where unknown.

    A GPU at rest lowers the generation to save power, so that ``now`` counts under load only.
    """

    generation: int | None = None
    width: int | None = None
    max_generation: int | None = None
    max_width: int | None = None

    @property
    def text(self) -> str:
        """Return ``PCIe 4 x16``; ``PCIe 1/4 x16`` below what it can; empty where unknown."""
        if not (self.generation and self.width):
            return ""
        generation = _of(self.generation, self.max_generation)
        return f"PCIe {generation} x{_of(self.width, self.max_width)}"


@dataclass(frozen=True, slots=True)
class Instance:
    """A part of a GPU that is divided (MIG): bytes of memory, None where the driver hides them."""

    name: str
    uuid: str = ""
    memory_used: int | None = None
    memory_total: int | None = None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; None, or an empty text, where the driver does not tell.

    memory_used, memory_total: bytes. utilization: percent of the last sample period in which a
    kernel ran, 0 to 100. temperature: degrees Celsius. power, power_limit: watts. clock,
    clock_max, memory_clock, memory_clock_max: MHz. throttle: why the clock is held down, in words.
    fan: percent of its greatest speed. compute_capability: of CUDA, as (8, 9). ecc_errors: memory
    errors since the driver was loaded that could not be corrected. compute_mode: ``default``,
    ``exclusive process`` or ``prohibited``. persistence: whether the driver stays loaded without
    a client. mig: whether it is divided, into ``instances``. lost: whether it has fallen off the
    bus, so that only what was known before is told.
    """

    index: int
    name: str
    memory_used: int | None = None
    memory_total: int | None = None
    utilization: int | None = None
    temperature: int | None = None
    vendor: Vendor = Vendor.NVIDIA
    uuid: str = ""
    power: float | None = None
    power_limit: float | None = None
    clock: int | None = None
    clock_max: int | None = None
    memory_clock: int | None = None
    memory_clock_max: int | None = None
    throttle: tuple[str, ...] = ()
    link: Link | None = None
    fan: int | None = None
    compute_capability: tuple[int, int] | None = None
    ecc_errors: int | None = None
    compute_mode: str = ""
    persistence: bool | None = None
    mig: bool = False
    instances: tuple[Instance, ...] = ()
    lost: bool = False


def _of(now: int, most: int | None) -> str:
    return f"{now}/{most}" if most and most > now else str(now)
