"""Trees of /proc, /sys and /dev as they were recorded or are documented, for checks to look at."""

from pathlib import Path

NVRM = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build  "
    "(dvs-builder@U22-I3)\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n"
)


def write(root: Path, files: dict[str, str]) -> Path:
    """Write files below a root and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def card(
    root: Path, address: str, vendor: str, driver: str = "", *, kind: str = "0x030000"
) -> Path:
    """Put a display controller on the PCI bus, and return its directory."""
    place = f"sys/bus/pci/devices/{address}"
    write(root, {f"{place}/vendor": f"{vendor}\n", f"{place}/class": f"{kind}\n"})
    if driver:
        drivers = root / "sys/bus/pci/drivers" / driver
        drivers.mkdir(parents=True, exist_ok=True)
        (root / place / "driver").symlink_to(drivers)
    return root / place


def nvidia_files(root: Path, *minors: int, devices: tuple[str, ...]) -> Path:
    """Make what a loaded kernel module of NVIDIA shows in /proc, and device files."""
    write(root, {"proc/driver/nvidia/version": NVRM})
    for minor in minors:
        place = f"proc/driver/nvidia/gpus/0000:{minor + 1:02x}:00.0/information"
        write(root, {place: f"Model: \t\t NVIDIA L4\nIRQ:   \t\t 72\nDevice Minor: \t {minor}\n"})
    return write(root, dict.fromkeys((f"dev/{name}" for name in devices), ""))
