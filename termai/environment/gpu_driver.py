"""Whether NVIDIA's driver answers, and why not: the most common fault of a GPU machine."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from termai.environment import access, packages, pci, place, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, names, text
from termai.environment.timed import within
from termai.hardware import nvidia, nvml
from termai.hardware.nvml import Driver
from termai.text import one_line

NAME = "NVIDIA driver"
LIMIT_S = 9.0
"""Seconds that the driver has to answer; without persistence it sets up every GPU first."""

_VERSION = re.compile(r"\b\d{2,4}\.\d+(?:\.\d+)*\b")
_LIBRARIES = (
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/lib/wsl/lib",
)
_INSTALL = {
    "ubuntu": "ubuntu-drivers install",
    "debian": "apt install nvidia-driver",
    "arch": "pacman -S nvidia-open",
    "fedora": "dnf install akmod-nvidia",
}
_SOURCES = {
    "debian": " (from the section non-free of Debian's archive)",
    "fedora": " (from RPM Fusion, https://rpmfusion.org)",
}
_FROM_CONTAINER = {
    "docker": "Start the container with `--gpus all`; the host needs the NVIDIA Container Toolkit.",
    "podman": "Start the container with `--device nvidia.com/gpu=all`.",
    "kubernetes": "Ask for `nvidia.com/gpu: 1` in the pod's resource limits.",
}
_FOR_GUESTS = "vfio-pci"
_SECURE_BOOT = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


def driver(root: Path = ROOT, limit_s: float = LIMIT_S) -> Iterator[Finding]:
    """Yield what NVML says, and where it does not answer, what the kernel tells of the reason."""
    try:
        within(limit_s, nvml.session.library)
    except TimeoutError:
        yield _hung(root, limit_s)
        return
    state = nvml.session.driver
    cards = [card for card in pci.gpus(pci.NVIDIA, root) if card.driver != _FOR_GUESTS]
    if state is Driver.READY:
        yield _ready(root, len(cards))
    elif state in _EXPLAINED:
        yield _EXPLAINED[state](root)
    elif not cards:
        yield Finding(NAME, Verdict.NOT_NEEDED, _nothing_here(root))
    elif place.container(root) and not _devices(root):
        yield _not_given(root, len(cards))
    else:
        yield _absent(root) if state is Driver.NO_LIBRARY else _not_loaded(root)


def not_given(root: Path = ROOT) -> str:
    """Return what gives a container the host's GPUs, for the program that runs it."""
    return _FROM_CONTAINER.get(
        place.container(root), "Pass the GPU's device files and driver into the container."
    )


def module_version(root: Path = ROOT) -> str:
    """Return the version of the kernel module that is loaded, empty for none.

    /proc/driver/nvidia/version holds it behind the words Kernel Module, also those of the open
    modules (570.86.10).
    """
    first = text(root / "proc/driver/nvidia/version", 4096).partition("\n")[0]
    found = _VERSION.search(first) or _VERSION.search(text(root / "sys/module/nvidia/version", 64))
    return found[0] if found else ""


def library_version(root: Path = ROOT) -> str:
    """Return the version in the name of the driver's library, empty for none."""
    for directory in _LIBRARIES:
        for name in names(root / directory):
            if name.startswith("libnvidia-ml.so.") and (found := _VERSION.search(name)):
                return found[0]
    return ""


def _nothing_here(root: Path) -> str:
    if pci.gpus(pci.NVIDIA, root):
        return "The GPU of NVIDIA is set aside for virtual machines (vfio-pci)."
    if (root / "etc/nv_tegra_release").exists():
        return "A Jetson's GPU is part of its processor; this driver does not tell of it."
    if place.wsl(root):
        return "Windows gives no GPU of NVIDIA to this Linux (WSL)."
    return "There is no GPU of NVIDIA here."


def _ready(root: Path, cards: int) -> Finding:
    version, shown, boxed = nvidia.driver_version(), len(nvidia.read()), place.container(root)
    restart = "Restart the machine; look at power, cables and slots."
    if not shown:
        fix = not_given(root) if boxed else restart
        sentence = "It answers, and shows no GPU."
        return Finding(NAME, Verdict.PROBLEM, sentence, fix, version=version)
    if shown < cards and not boxed:
        sentence = f"It shows {shown} of the machine's {cards} GPUs."
        return Finding(NAME, Verdict.WARNING, sentence, restart, version=version)
    cuda = nvidia.cuda_version()
    runs = f"; it runs CUDA up to {cuda[0]}.{cuda[1]}" if cuda else ""
    return Finding(NAME, Verdict.OK, f"It answers{runs}.", version=version)


def _mismatch(root: Path) -> Finding:
    module, library = module_version(root), library_version(root)
    versions = f" (module {module}, library {library})" if module and library else ""
    if place.container(root):
        return Finding(
            NAME,
            Verdict.PROBLEM,
            f"The container's driver library is not that of the host{versions}.",
            "Start the container again, so that it is given the host's library.",
            version=module,
            cause="The host's driver was updated, or the container brings a library of its own.",
        )
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"The driver was updated without a restart of the machine{versions}.",
        "Restart the machine.",
        version=module,
        cause="The loaded kernel module is the old one, the libraries are the new ones.",
    )


def _refused(root: Path) -> Finding:
    remedy = access.joining([access.group(root / "dev/nvidiactl")])
    return Finding(
        NAME,
        Verdict.PROBLEM,
        "This user may not open /dev/nvidiactl.",
        remedy.fix,
        command=remedy.command,
        cause="The device files of the GPU belong to others.",
    )


def _failed(root: Path) -> Finding:
    said = one_line(nvml.session.message, 120).rstrip(".") or "no reason given"
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"It is loaded and does not answer: {said}.",
        "Look for NVRM in the kernel's log (`sudo dmesg`); restart the machine.",
        version=module_version(root),
        cause="A GPU may have fallen off the bus, or have no power.",
    )


def _hung(root: Path, limit_s: float) -> Finding:
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"It gives no answer within {limit_s:g} s.",
        "Look for NVRM in the kernel's log (`sudo dmesg`); restart the machine.",
        version=module_version(root),
        cause="The driver, or a GPU, hangs.",
    )


def _not_given(root: Path, count: int) -> Finding:
    many = "a GPU" if count == 1 else f"{count} GPUs"
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"The host has {many} of NVIDIA, and this container ({place.container(root)}) has none.",
        not_given(root),
        cause="The container was started without them.",
    )


def _absent(root: Path) -> Finding:
    nouveau = " Nouveau, which drives it now, cannot run CUDA." if _nouveau(root) else ""
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"There is a GPU of NVIDIA and no driver for it.{nouveau}",
        f"{_how_to_install(root)}, then restart the machine",
        cause="NVIDIA's library libnvidia-ml.so.1 is not installed.",
    )


def _how_to_install(root: Path) -> str:
    system = re.search(r"(?m)^ID=[\"']?([a-z]+)", text(root / "etc/os-release", 4096))
    name = system[1] if system else ""
    if name not in _INSTALL:
        return "Install the driver of the distribution, or of https://www.nvidia.com/drivers"
    return f"{packages.as_root(_INSTALL[name]).fix}{_SOURCES.get(name, '')}"


def _not_loaded(root: Path) -> Finding:
    kernel = text(root / "proc/sys/kernel/osrelease", 128) or os.uname().release
    sentence = "The driver is installed, and its kernel module is not loaded."
    if _nouveau(root):
        return Finding(
            NAME,
            Verdict.PROBLEM,
            sentence,
            "Forbid nouveau (`blacklist nouveau` in /etc/modprobe.d/nouveau.conf), "
            "renew the initramfs, and restart the machine.",
            cause="Nouveau drives the GPU.",
        )
    if not _has_module(root / "lib/modules" / kernel):
        remedy = packages.as_root("dkms autoinstall")
        return Finding(
            NAME,
            Verdict.PROBLEM,
            sentence,
            f"{remedy.fix}, with the kernel's headers installed, then `sudo modprobe nvidia`",
            command=remedy.command if programs.find("dkms") else "",
            cause=f"It was not built for the running kernel {one_line(kernel, 60)}.",
        )
    remedy = packages.as_root("modprobe nvidia")
    cause = (
        "Secure Boot is on: it loads no module whose key it does not know."
        if _secure_boot(root)
        else "The module is there; what loading it says tells more."
    )
    return Finding(NAME, Verdict.PROBLEM, sentence, remedy.fix, command=remedy.command, cause=cause)


def _devices(root: Path) -> bool:
    return (
        any(name.startswith("nvidia") for name in names(root / "dev"))
        or (root / "dev/dxg").exists()
    )


def _nouveau(root: Path) -> bool:
    return (root / "sys/module/nouveau").is_dir()


def _has_module(directory: Path) -> bool:
    """Return whether a kernel's modules list one called nvidia (modules.dep of depmod(8))."""
    listed = text(directory / "modules.dep", 8 << 20)
    return bool(re.search(r"(?m)(?:^|/)nvidia\.ko[.a-z]*:", listed))


def _secure_boot(root: Path) -> bool:
    """Return whether the firmware's variable says so: four bytes of attributes, then 1."""
    try:
        return (root / _SECURE_BOOT).read_bytes()[4:5] == b"\1"
    except OSError:
        return False


_EXPLAINED: dict[Driver, Callable[[Path], Finding]] = {
    Driver.MISMATCH: _mismatch,
    Driver.NO_PERMISSION: _refused,
    Driver.FAILED: _failed,
}
