"""The device files of NVIDIA's GPUs: without them the driver is there and CUDA finds nothing."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from termai.environment import access, gpu_driver, packages, place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, fields, names

NAME = "GPU device files"

_CONTROL = ("nvidiactl", "nvidia-uvm")
_GPU = re.compile(r"nvidia\d+")


def device_files(root: Path = ROOT) -> Iterator[Finding]:
    """Yield whether /dev has what CUDA opens; nothing where no kernel module is loaded.

    CUDA opens nvidiactl, nvidia-uvm and one nvidiaN for each GPU; N is the Device Minor of
    /proc/driver/nvidia/gpus/*/information.
    """
    minors = _minors(root)
    if not minors:
        return
    here = {name for name in names(root / "dev") if name in _CONTROL or _GPU.fullmatch(name)}
    given = [minor for minor in minors if f"nvidia{minor}" in here]
    missing = [name for name in _CONTROL if name not in here]
    boxed = place.container(root)
    if not boxed or not given:
        missing += [f"nvidia{minor}" for minor in minors if minor not in given]
    closed = [
        name for name in sorted(here) if not os.access(root / "dev" / name, os.R_OK | os.W_OK)
    ]
    if missing:
        yield _missing(missing, root)
    elif closed:
        yield _closed(closed, root)
    else:
        yield Finding(NAME, Verdict.OK, _all_there(len(given), len(minors)))


def _minors(root: Path) -> list[int]:
    directory = root / "proc/driver/nvidia/gpus"
    told = (fields(directory / name / "information") for name in names(directory))
    values = [found.get("Device Minor", "") for found in told]
    return sorted(int(value) for value in values if value.isascii() and value.isdecimal())


def _all_there(given: int, all_of_them: int) -> str:
    if given == all_of_them:
        return "All are there, and this user may open them."
    return f"{given} of the host's {all_of_them} GPUs are given to this container."


def _missing(missing: list[str], root: Path) -> Finding:
    files = ", ".join(f"/dev/{name}" for name in missing)
    sentence = f"Not there: {files}. CUDA does not start without."
    if place.container(root):
        return Finding(
            NAME,
            Verdict.PROBLEM,
            sentence,
            gpu_driver.not_given(root),
            cause="The container was started without them.",
        )
    minors = [name.removeprefix("nvidia") for name in missing if _GPU.fullmatch(name)]
    made = "".join(f" -c {minor}" for minor in minors or ["0"])
    remedy = packages.as_root(f"nvidia-modprobe -u{made}")
    return Finding(
        NAME,
        Verdict.PROBLEM,
        sentence,
        remedy.fix,
        command=remedy.command,
        cause="Nothing has made them since the machine was started.",
    )


def _closed(closed: list[str], root: Path) -> Finding:
    files = ", ".join(f"/dev/{name}" for name in closed)
    remedy = access.joining([access.group(root / "dev" / closed[0])])
    return Finding(
        NAME,
        Verdict.PROBLEM,
        f"This user may not open {files}.",
        remedy.fix,
        command=remedy.command,
    )
