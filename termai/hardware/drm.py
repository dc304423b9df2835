"""GPUs of AMD and Intel as the kernel's drivers tell of them in sysfs.

Files: Documentation/gpu/amdgpu/thermal.rst and driver-misc.rst (``mem_info_vram_*``,
``gpu_busy_percent``), Documentation/ABI/testing/sysfs-driver-intel-i915-hwmon and
sysfs-driver-intel-xe-hwmon, sysfs-class-drm, sysfs-bus-pci of the Linux kernel; units are those
of Documentation/hwmon/sysfs-interface.rst: millidegrees, microwatts, hertz.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from termai.hardware.gpu import Gpu, Link, Vendor

_CLASS = Path("/sys/class/drm")
_PCI_IDS = (Path("/usr/share/misc/pci.ids"), Path("/usr/share/hwdata/pci.ids"))
_VENDORS = {"0x1002": Vendor.AMD, "0x8086": Vendor.INTEL}
_MAKERS = {Vendor.AMD: "AMD", Vendor.INTEL: "Intel"}
_GENERATIONS = {"2.5": 1, "5.0": 2, "8.0": 3, "16.0": 4, "32.0": 5, "64.0": 6}
_CARD = re.compile(r"card(\d+)")
_INTEL_NOW, _INTEL_MOST = Path("gt_act_freq_mhz"), Path("gt_max_freq_mhz")
_LIMIT = 4096


def read(root: Path = _CLASS) -> tuple[Gpu, ...]:
    """Return the GPUs of AMD and Intel, numbered in the order of their cards; never raises.

    A GPU without memory of its own has no ``memory_total``.
    """
    found = [gpu for card in _cards(root) if (gpu := _gpu(card))]
    return tuple(replace(gpu, index=index) for index, gpu in enumerate(found))


def _cards(root: Path) -> list[Path]:
    try:
        names = [entry.name for entry in root.iterdir()]
    except OSError:
        return []
    numbers = sorted(int(m[1]) for name in names if (m := _CARD.fullmatch(name)))
    return [root / f"card{number}" for number in numbers]


def _gpu(card: Path) -> Gpu | None:
    device = card / "device"
    vendor = _VENDORS.get(_text(device / "vendor"))
    if vendor is None:
        return None
    sensors = _sensors(device)
    total = _number(device / "mem_info_vram_total")
    return Gpu(
        index=0,
        name=_name(device, vendor),
        memory_used=_number(device / "mem_info_vram_used") if total else None,
        memory_total=total,
        utilization=_number(device / "gpu_busy_percent"),
        temperature=_scaled(_first(sensors, "temp1_input"), 1000),
        vendor=vendor,
        uuid=_text(device / "unique_id"),
        power=_watts(_first(sensors, "power1_average", "power1_input")),
        power_limit=_watts(_first(sensors, "power1_cap", "power1_max")),
        clock=_scaled(_first(sensors, "freq1_input"), 1_000_000) or _number(card / _INTEL_NOW),
        clock_max=_number(card / _INTEL_MOST),
        memory_clock=_scaled(_first(sensors, "freq2_input"), 1_000_000),
        link=_link(device),
        fan=_fan(sensors),
    )


def _sensors(device: Path) -> Path | None:
    try:
        return next(iter(sorted((device / "hwmon").iterdir())), None)
    except OSError:
        return None


def _first(sensors: Path | None, *names: str) -> int | None:
    if sensors is None:
        return None
    told = (_number(sensors / name) for name in names)
    return next((value for value in told if value is not None), None)


def _fan(sensors: Path | None) -> int | None:
    """Return the fan's speed in percent, by its turns or by what it is driven with."""
    turns, most = _first(sensors, "fan1_input"), _first(sensors, "fan1_max")
    if turns is not None and most:
        return min(100, round(100 * turns / most))
    driven = _first(sensors, "pwm1")
    return None if driven is None else min(100, round(100 * driven / 255))


def _link(device: Path) -> Link | None:
    link = Link(
        generation=_generation(device / "current_link_speed"),
        width=_number(device / "current_link_width"),
        max_generation=_generation(device / "max_link_speed"),
        max_width=_number(device / "max_link_width"),
    )
    return None if link == Link() else link


def _generation(path: Path) -> int | None:
    """Return the generation of ``16.0 GT/s PCIe``, None for another speed."""
    return _GENERATIONS.get(_text(path).partition(" ")[0])


def _name(device: Path, vendor: Vendor) -> str:
    told = _text(device / "product_name")
    if told:
        return told if told.startswith(_MAKERS[vendor]) else f"{_MAKERS[vendor]} {told}"
    number = _text(device / "device").removeprefix("0x")
    known = _pci_name(_text(device / "vendor").removeprefix("0x"), number) if number else ""
    return f"{_MAKERS[vendor]} {known or f'GPU {number}'.strip()}"


@cache
def _pci_name(vendor: str, device: str) -> str:
    """Return the name of a device in the list of PCI ids, in brackets where it has a trade name."""
    for line in _pci_lines(vendor):
        if line.lower().startswith(f"\t{device.lower()}  "):
            name = line.strip().partition("  ")[2]
            trade = re.search(r"\[(.+?)\]", name)
            return trade[1] if trade else name
    return ""


def _pci_lines(vendor: str) -> Iterator[str]:
    """Yield the lines of a vendor's devices in the first list of PCI ids that is there."""
    for path in _PCI_IDS:
        try:
            with path.open(encoding="utf-8", errors="replace") as lines:
                ours = False
                for line in lines:
                    if not line.startswith(("\t", "#", "\n")):
                        ours = line.lower().startswith(f"{vendor.lower()}  ")
                    elif ours:
                        yield line.rstrip("\n")
            return
        except OSError:
            continue


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else None


def _scaled(value: int | None, by: int) -> int | None:
    return None if value is None else round(value / by)


def _watts(microwatts: int | None) -> float | None:
    return None if microwatts is None else microwatts / 1_000_000


def _text(path: Path) -> str:
    """Return the first line of a file of sysfs, empty where it cannot be read or is of no use."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT)
    except OSError:
        return ""
    return data.decode("utf-8", "replace").partition("\n")[0].strip()
