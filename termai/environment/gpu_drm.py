"""Whether GPUs of AMD and Intel can be used: kernel driver, device files, groups.

Files: /dev/dri/renderD* (Vulkan, SYCL, HIP) and /dev/kfd (ROCm), see AMD's ROCm installation
guide, "Configuring permissions for GPU access".
"""

import os
from collections.abc import Iterator
from pathlib import Path

from termai.environment import access, pci, place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, names

_DRIVERS = {pci.AMD: ("AMD", ("amdgpu",)), pci.INTEL: ("Intel", ("i915", "xe"))}


def others(root: Path = ROOT) -> Iterator[Finding]:
    """Yield a finding for the GPUs of AMD and one for those of Intel, nothing for none."""
    for vendor, (maker, drivers) in _DRIVERS.items():
        if cards := pci.gpus(vendor, root):
            yield _usable(f"{maker} GPU", cards, drivers, root)


def _usable(
    name: str, cards: tuple[pci.Device, ...], drivers: tuple[str, ...], root: Path
) -> Finding:
    without = [card for card in cards if card.driver not in drivers]
    wanted = [node for card in cards if (node := _node(card, root))]
    if card := next(iter(without), None):
        return _no_driver(name, card, drivers, root)
    if name.startswith("AMD"):
        wanted.append(root / "dev/kfd")
    missing = [node for node in wanted if not node.exists()]
    closed = [node for node in wanted if node not in missing and not _open(node)]
    weak = Verdict.NOT_NEEDED if all(card.built_in for card in cards) else Verdict.WARNING
    if missing:
        return _missing(name, weak, missing, root)
    if closed:
        return _closed(name, weak, closed, root)
    files = ", ".join(_shown(node, root) for node in wanted)
    return Finding(name, Verdict.OK, f"Its driver {cards[0].driver} gives {files or 'no file'}.")


def _no_driver(name: str, card: pci.Device, drivers: tuple[str, ...], root: Path) -> Finding:
    bound = f"driven by {card.driver}" if card.driver else "without a driver"
    remedy = place.on_host(f"modprobe {drivers[0]}", root)
    return Finding(
        name,
        Verdict.NOT_NEEDED if card.built_in or card.driver else Verdict.WARNING,
        f"It is {bound}: nothing can compute on it.",
        remedy.fix,
        command="" if card.driver else remedy.command,
        cause="" if not card.driver else f"Its own driver is {' or '.join(drivers)}.",
    )


def _missing(name: str, verdict: Verdict, missing: list[Path], root: Path) -> Finding:
    files = ", ".join(_shown(node, root) for node in missing)
    if place.container(root):
        devices = "--device /dev/kfd --device /dev/dri" if "AMD" in name else "--device /dev/dri"
        fix = f"Start the container with `{devices}`."
    elif missing[0].name == "kfd":
        fix = "ROCm needs it: is the GPU among those that ROCm supports? Vulkan works without."
    else:
        fix = "Look for its driver in the kernel's log: `sudo dmesg`."
    return Finding(name, verdict, f"Not there: {files}.", fix)


def _closed(name: str, verdict: Verdict, closed: list[Path], root: Path) -> Finding:
    files = ", ".join(_shown(node, root) for node in closed)
    remedy = access.joining([access.group(node) for node in closed])
    return Finding(
        name,
        verdict,
        f"This user may not open {files}.",
        remedy.fix,
        command=remedy.command,
        cause="They belong to others, or the login is older than the membership in their group.",
    )


def _node(card: pci.Device, root: Path) -> Path | None:
    """Return a GPU's file for computing; the kernel names it below the device."""
    found = names(root / "sys/bus/pci/devices" / card.address / "drm")
    node = next((name for name in found if name.startswith("renderD")), "")
    return root / "dev/dri" / node if node else None


def _open(node: Path) -> bool:
    return os.access(node, os.R_OK | os.W_OK)


def _shown(node: Path, root: Path) -> str:
    return f"/{node.relative_to(root)}"
