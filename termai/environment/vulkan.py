"""Vulkan, for GPUs without an interface of their own: the loader and the drivers."""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.environment import packages, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import is_there, matching
from termai.environment.remedy import Remedy
from termai.hardware import gpus
from termai.hardware.gpu import Vendor
from termai.text import one_line

NEEDED = (1, 2)
"""The oldest Vulkan that llama.cpp takes (ggml-vulkan.cpp of llama-cpp-python 0.3.36)."""

ROOT = Path("/")
_LIBRARIES = ("usr/lib/*-linux-*", "usr/lib64", "usr/lib", "lib64", "lib", "usr/local/lib")
_ON_MAC = ("opt/homebrew/lib", "usr/local/lib")
_MANIFESTS = ("usr/share", "etc", "usr/local/share", "usr/local/etc", "etc/xdg")
_SOFTWARE = re.compile(r"lvp|lavapipe|swiftshader|llvmpipe", re.IGNORECASE)
_LARGEST = 64 << 10
_MOST = 64

_LOADER = {
    "debian": "libvulkan1",
    "fedora": "vulkan-loader",
    "rhel": "vulkan-loader",
    "arch": "vulkan-icd-loader",
    "suse": "libvulkan1",
    "alpine": "vulkan-loader",
    "macos": "vulkan-loader molten-vk",
    "": "",
}
_DRIVERS = {
    "debian": "mesa-vulkan-drivers",
    "fedora": "mesa-vulkan-drivers",
    "rhel": "mesa-vulkan-drivers",
    "macos": "molten-vk",
    "": "",
}
_OF_VENDOR = {
    Vendor.AMD: {
        "arch": "vulkan-radeon",
        "alpine": "mesa-vulkan-ati",
        "suse": "libvulkan_radeon",
    },
    Vendor.INTEL: {
        "arch": "vulkan-intel",
        "alpine": "mesa-vulkan-intel",
        "suse": "libvulkan_intel",
    },
}


@dataclass(frozen=True, slots=True)
class Driver:
    """A Vulkan driver: its manifest, library and version; ``software`` draws on the CPU."""

    manifest: Path
    library: str
    version: str
    software: bool


def vulkan(vendors: Sequence[Vendor] | None = None) -> Iterator[Finding]:
    """Look for loader and drivers where a GPU of AMD or Intel is, else say that none is needed."""
    wanted = wanted_by(vendors)
    yield _loader(wanted)
    yield _driver(wanted)


def wanted_by(vendors: Sequence[Vendor] | None) -> tuple[Vendor, ...]:
    """Return those vendors here for whose GPUs llama.cpp is built with Vulkan."""
    here = [gpu.vendor for gpu in gpus.read_all()] if vendors is None else vendors
    with_hip = Vendor.AMD in here and programs.find("hipcc")
    vulkan_only = (Vendor.INTEL,) if with_hip else (Vendor.AMD, Vendor.INTEL)
    return tuple(vendor for vendor in vulkan_only if vendor in here)


def library(root: Path | None = None) -> Path | None:
    """Return the loader's library, whose file name ends with its version, None without one."""
    root = root or ROOT
    own = [Path(entry) for entry in os.environ.get("LD_LIBRARY_PATH", "").split(":") if entry]
    names = (*_LIBRARIES, *_ON_MAC)
    places = (*own, *(found for name in names for found in sorted(root.glob(name))))
    for place in places:
        for name in ("libvulkan.so.1", "libvulkan.1.dylib"):
            if (place / name).is_file():
                return (place / name).resolve()
    return None


def drivers(root: Path | None = None) -> tuple[Driver, ...]:
    """Return the drivers that the loader would try, by its manifests and the user's variables.

    Source: the Vulkan loader's LoaderDriverInterface.md: VK_DRIVER_FILES, VK_ICD_FILENAMES, and
    ``vulkan/icd.d/*.json`` in the data and configuration directories.
    """
    root = root or ROOT
    named = os.environ.get("VK_DRIVER_FILES") or os.environ.get("VK_ICD_FILENAMES")
    if named:
        files = [Path(name) for name in named.split(":") if name]
    else:
        data = Path(os.environ.get("XDG_DATA_HOME") or programs.home() / ".local/share")
        places = (*(root / name for name in _MANIFESTS), data)
        files = [f for place in places for f in matching(place, "vulkan/icd.d/*.json")]
    return tuple(driver for file in files[:_MOST] if (driver := _read(file)))


def _loader(wanted: Sequence[Vendor]) -> Finding:
    name, path = "Vulkan loader", library()
    if path is None:
        if not wanted:
            return Finding(name, Verdict.NOT_NEEDED, "Not found, and no GPU here needs Vulkan.")
        remedy = packages.install(_LOADER, "Install the Vulkan loader.")
        sentence = "Not found. Needed to use this GPU with Vulkan."
        return Finding(name, Verdict.WARNING, sentence, remedy.fix, command=remedy.command)
    version = programs.first_number(path.name.partition(".so.")[2] or path.name)
    if programs.numbers(version)[:2] < NEEDED and programs.numbers(version)[1:]:
        remedy = packages.install(_LOADER, "Update the Vulkan loader.")
        sentence = f"Too old for llama.cpp, which needs Vulkan {NEEDED[0]}.{NEEDED[1]}."
        return Finding(
            name, Verdict.WARNING, sentence, remedy.fix, str(path), version, command=remedy.command
        )
    return Finding(
        name, Verdict.OK, "Finds the Vulkan drivers of GPUs.", path=str(path), version=version
    )


def _driver(wanted: Sequence[Vendor]) -> Finding:
    name, found = "Vulkan driver", drivers()
    real = [driver for driver in found if not driver.software]
    if not wanted and not real:
        return Finding(name, Verdict.NOT_NEEDED, "No GPU here needs Vulkan.")
    if not real:
        what = "Only one that runs on the CPU was found" if found else "Not found"
        sentence = f"{what}. Needed to use this GPU with Vulkan."
        remedy = _install_driver(wanted)
        return Finding(name, Verdict.WARNING, sentence, remedy.fix, command=remedy.command)
    old = [one for one in real if programs.numbers(one.version)[:2] < NEEDED and one.version]
    if len(old) == len(real):
        sentence = f"Too old for llama.cpp, which needs Vulkan {NEEDED[0]}.{NEEDED[1]}."
        remedy = _install_driver(wanted)
        return Finding(
            name,
            Verdict.WARNING,
            sentence,
            remedy.fix,
            str(old[0].manifest),
            old[0].version,
            command=remedy.command,
        )
    best = max(real, key=lambda driver: programs.numbers(driver.version))
    names = ", ".join(one_line(driver.manifest.stem, 40) for driver in real)
    return Finding(
        name, Verdict.OK, f"Found: {names}.", path=str(best.manifest), version=best.version
    )


def _install_driver(wanted: Sequence[Vendor]) -> Remedy:
    named = {key: "" for vendor in wanted for key in _OF_VENDOR.get(vendor, {})}
    for vendor in wanted:
        for family, package in _OF_VENDOR.get(vendor, {}).items():
            named[family] = f"{named[family]} {package}".strip()
    return packages.install(_DRIVERS | named, "Install the GPU's Vulkan driver.")


def _read(file: Path) -> Driver | None:
    """Read a manifest; one that cannot be read, or whose library is gone, is passed over."""
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            told = json.loads(opened.read(_LARGEST))
        entry = told["ICD"]
        library, version = str(entry["library_path"]), str(entry.get("api_version", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if "/" in library and not is_there(file.parent / library):
        return None
    software = bool(_SOFTWARE.search(file.stem) or _SOFTWARE.search(Path(library).name))
    return Driver(file, library, programs.first_number(version), software)
