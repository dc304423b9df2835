"""nvcc, which builds llama.cpp for NVIDIA's GPUs, and whether it fits driver, GPU and compiler."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from termai.environment import cuda_toolkit, packages, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look
from termai.environment.remedy import Remedy
from termai.hardware import gpus, nvidia
from termai.hardware.gpu import Vendor

_NAME = "nvcc"
_PLACES = ("/usr/local/cuda/bin", "/usr/local/cuda-*/bin", "/opt/cuda/bin")
_DOWNLOADS = "https://developer.nvidia.com/cuda-downloads"
_PACKAGES = {"debian": "nvidia-cuda-toolkit", "arch": "cuda", "": ""}
_OLDEST_GCC = 8  # the first that knows all of C++17
_CHOICES = ("CUDAHOSTCXX", "NVCC_CCBIN")
"""Variables by which CMake and nvcc are told another compiler than g++."""

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Machine:
    """What nvcc has to fit: the newest CUDA of the driver, and each GPU's compute capability."""

    driver: Version | None
    gpus: tuple[Version, ...]
    present: bool


def read() -> Machine:
    """Return what NVML tells of the driver and its GPUs."""
    here = [gpu for gpu in gpus.read_all() if gpu.vendor is Vendor.NVIDIA]
    known = tuple(sorted({gpu.compute_capability for gpu in here if gpu.compute_capability}))
    return Machine(nvidia.cuda_version(), known, bool(here))


def nvcc(machine: Machine | None = None) -> Iterator[Finding]:
    """Look for nvcc and say whether what it builds runs on this machine."""
    machine = machine or read()
    if not machine.present and not programs.find(_NAME):
        yield Finding(_NAME, Verdict.NOT_NEEDED, "Not found, and no NVIDIA GPU is here.")
        return
    found = look(_program(machine))
    if found.verdict is not Verdict.OK or not machine.present:
        yield found
        return
    told = (
        _against_driver(found, machine),
        _against_gpus(found, machine),
        _against_compiler(found),
        _complete(found),
    )
    yield min(filter(None, told), key=lambda one: one.verdict is Verdict.OK, default=found)


def _program(machine: Machine) -> Program:
    newest = f" {_text(machine.driver)}" if machine.driver else ""
    return Program(
        _NAME,
        (_NAME,),
        "Builds llama.cpp for NVIDIA's GPUs.",
        "Needed to build llama.cpp for this GPU; a prebuilt engine works without.",
        _packages(machine),
        _PLACES,
        otherwise=f"Install the CUDA toolkit{newest} from {_DOWNLOADS}.",
    )


def _packages(machine: Machine) -> Mapping[str, str]:
    """Return the packages of nvcc, without apt's unless it is known to suit the driver."""
    if programs.find(_NAME) or packages.family() != "debian":
        return _PACKAGES
    offer = packages.offered(_PACKAGES["debian"])
    fits = offer and (not machine.driver or programs.numbers(offer)[:2] <= machine.driver)
    return _PACKAGES if fits else _PACKAGES | {"debian": ""}


def _against_driver(found: Finding, machine: Machine) -> Finding | None:
    """Compare with the driver, by NVIDIA's rules for minor version compatibility (CUDA 11 on).

    Programs of a newer major version do not start; those of a newer minor version run only where
    nothing has to be compiled for the GPU at run time.
    """
    mine = _pair(found.version)
    if machine.driver is None or mine is None or mine <= machine.driver:
        return None
    newest = _text(machine.driver)
    if mine[0] > machine.driver[0]:
        sentence = f"Too new for the driver, which runs CUDA {newest} at most."
        fix = f"Update the driver, or install the CUDA toolkit {newest} from {_DOWNLOADS}."
        return replace(found, verdict=Verdict.WARNING, sentence=sentence, fix=fix)
    sentence = f"Newer than the driver's CUDA {newest}: builds for this very GPU run, others fail."
    return replace(found, sentence=sentence)


def _against_gpus(found: Finding, machine: Machine) -> Finding | None:
    """Compare with the GPUs, of which nvcc lists those that it can build for."""
    listed = re.findall(r"compute_(\d+)(\d)\b", programs.said(found.path, "--list-gpu-arch"))
    known = {(int(major), int(minor)) for major, minor in listed}
    unknown = [gpu for gpu in machine.gpus if known and gpu not in known]
    if not unknown:
        return None
    old = unknown[0] < min(known)
    what = "no longer builds" if old else "cannot build yet"
    other = "an older" if old else "a newer"
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence=f"It {what} for this GPU, of compute capability {_text(unknown[0])}.",
        fix=f"Install {other} CUDA toolkit from {_DOWNLOADS}.",
    )


def _against_compiler(found: Finding) -> Finding | None:
    """Compare with gcc, whose newest version nvcc's own crt/host_config.h names."""
    newest = cuda_toolkit.newest_gcc(found.path)
    chosen = any(os.environ.get(name) for name in _CHOICES) or programs.find("cuda-g++")
    compiler = programs.find("g++")
    if not newest or chosen or not compiler:
        return None
    answer = re.match(r"\d+", programs.said(compiler, "-dumpversion"))
    major = int(answer[0]) if answer else 0
    if major <= newest:
        return None
    remedy = _other_compiler(newest)
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence=f"It works with gcc {newest} at most, and g++ is {major}.",
        fix=remedy.fix,
        command=remedy.command,
    )


def _complete(found: Finding) -> Finding | None:
    """Say when the toolkit lacks cuBLAS, which llama.cpp is linked with and which has a package."""
    if cuda_toolkit.has_cublas(found.path) is not False:
        return None
    version = "-".join(found.version.split(".")[:2])
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence="Its toolkit lacks cuBLAS, without which llama.cpp cannot be built for CUDA.",
        fix=f"Install the package libcublas-dev-{version} of NVIDIA's repository, or the whole "
        f"toolkit from {_DOWNLOADS}.",
    )


def _other_compiler(newest: int) -> Remedy:
    """Return how to build with a gcc that nvcc takes: one that is here, else one to install."""
    names = (f"g++-{major}" for major in range(newest, _OLDEST_GCC - 1, -1))
    older = next((name for name in names if programs.find(name)), "")
    if older:
        return Remedy(f"Build with CUDAHOSTCXX={older} in the environment.")
    remedy = packages.install({"debian": f"g++-{newest}", "arch": f"gcc{newest}", "": ""})
    then = f"Then build with CUDAHOSTCXX=g++-{newest} in the environment."
    return Remedy(f"{remedy.fix or f'Install gcc {newest}.'} {then}", remedy.command)


def _pair(version: str) -> Version | None:
    parts = programs.numbers(version)
    return (parts[0], parts[1]) if len(parts) > 1 else None


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
