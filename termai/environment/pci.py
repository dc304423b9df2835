"""GPUs on the PCI bus, which are there whether or not a driver is."""

import re
from dataclasses import dataclass
from pathlib import Path

from termai.environment.reading import ROOT, names, text

NVIDIA, AMD, INTEL = "0x10de", "0x1002", "0x8086"

_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_DISPLAY = "0x03"  # class of display controllers, PCI Code and ID Assignment


@dataclass(frozen=True, slots=True)
class Device:
    """A display controller: its address on the bus, the vendor's number and the driver's name.

    driver: of the kernel, empty where none is bound.
    """

    address: str
    vendor: str
    driver: str = ""

    @property
    def built_in(self) -> bool:
        """Whether it is on the processor's own bus, as graphics inside a processor are."""
        return self.address.split(":")[-2] == "00"


def gpus(vendor: str, root: Path = ROOT) -> tuple[Device, ...]:
    """Return the GPUs of a vendor in the order of their addresses, none off Linux.

    Format: Documentation/ABI/testing/sysfs-bus-pci of the Linux kernel.
    """
    directory = root / "sys/bus/pci/devices"
    return tuple(
        Device(name, vendor, _driver(directory / name))
        for name in names(directory)
        if _ADDRESS.fullmatch(name)
        and text(directory / name / "vendor", 16) == vendor
        and text(directory / name / "class", 16).startswith(_DISPLAY)
    )


def _driver(device: Path) -> str:
    try:
        return (device / "driver").readlink().name
    except OSError:
        return ""
