"""How llama.cpp is built for this machine: one recipe for the set-up and for later rebuilds.

Standard library only: the set-up imports it before anything is installed.
"""

import hashlib
import os
import platform
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LLAMA_CPP_PYTHON = "0.3.36"

_TOOLS = (
    "-DLLAMA_BUILD_TOOLS=ON",
    "-DLLAMA_BUILD_SERVER=ON",
    "-DLLAMA_TOOLS_INSTALL=ON",
    "-DLLAVA_BUILD=OFF",
    "-DGGML_RPC=ON",
    "-DCMAKE_INSTALL_RPATH=$ORIGIN/../lib",
)
# The tile registers of AMX are set up in a way that compilers may drop, and the first token then
# dies of SIGSEGV (llama.cpp#20824, #26954); AVX-512 VNNI does the same work.
_WITHOUT_AMX = ("-DCMAKE_C_FLAGS=-U__AMX_INT8__", "-DCMAKE_CXX_FLAGS=-U__AMX_INT8__")


class Gpu(StrEnum):
    """The GPU interface that llama.cpp is built for; Metal needs no flag on a Mac."""

    CUDA = "cuda"
    HIP = "hip"
    VULKAN = "vulkan"
    NONE = "none"


_GPU_FLAG = {
    Gpu.CUDA: ("-DGGML_CUDA=ON",),
    Gpu.HIP: ("-DGGML_HIP=ON",),
    Gpu.VULKAN: ("-DGGML_VULKAN=ON",),
    Gpu.NONE: (),
}
_COMPILER = {Gpu.CUDA: "nvcc", Gpu.HIP: "hipcc", Gpu.VULKAN: "glslc"}
_DEVICES = {
    Gpu.CUDA: ("dev/nvidia[0-9]*", "proc/driver/nvidia/gpus/*", "dev/dxg"),
    Gpu.HIP: ("dev/kfd",),
    Gpu.VULKAN: ("dev/dri/renderD*",),
}
_NAMES = {Gpu.CUDA: "an NVIDIA GPU", Gpu.HIP: "an AMD GPU", Gpu.VULKAN: "a Vulkan GPU"}


@dataclass(frozen=True, slots=True)
class GpuChoice:
    """The GPU interface to build for, and one sentence of why."""

    gpu: Gpu
    reason: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what a build of llama.cpp contains.

    ``key`` names it in a cache of wheels: pip's own cache does not look at CMAKE_ARGS, and a
    build is for one CPU, where another may die of SIGILL.
    """

    version: str
    cmake_args: tuple[str, ...]
    compiler: str
    cpu: str

    @property
    def key(self) -> str:
        """Return a name that changes whenever the build would."""
        parts = (self.version, *self.cmake_args, self.compiler, self.cpu, platform.libc_ver()[1])
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment variables that make ``pip wheel`` build this."""
        return {"CMAKE_ARGS": " ".join(self.cmake_args)}

    def argv(self, python: Path, into: Path) -> tuple[str, ...]:
        """Return the command that builds the wheel into the directory ``into``."""
        return (
            *(str(python), "-m", "pip", "wheel", "--verbose", "--no-cache-dir", "--no-deps"),
            *("--no-binary", "llama-cpp-python", "--wheel-dir", str(into)),
            f"llama-cpp-python=={self.version}",
        )


def choose_gpu(wanted: str = "", *, root: Path = Path("/")) -> GpuChoice:
    """Return what to build for: ``wanted`` if given, else the first interface usable here.

    An interface is usable when its compiler is on PATH and its device exists below ``root``.
    Raises ValueError when ``wanted`` is none of ``Gpu``.
    """
    if wanted:
        return GpuChoice(Gpu(wanted), "as asked")
    missed: list[str] = []
    for gpu, compiler in _COMPILER.items():
        device = any(next(root.glob(pattern), None) for pattern in _DEVICES[gpu])
        path = shutil.which(compiler)
        if device and path:
            return GpuChoice(gpu, f"{_NAMES[gpu]} and {compiler} are here")
        if path:
            missed.append(f"{compiler} is here without {_NAMES[gpu]}")
        elif device and gpu is not Gpu.VULKAN:
            missed.append(f"{_NAMES[gpu]} is here without {compiler}")
    return GpuChoice(Gpu.NONE, "; ".join(missed) or "no GPU was found")


def recipe(gpu: Gpu, *, compiler: str) -> Recipe:
    """Return the recipe for this machine; ``compiler`` is the first line of its version."""
    cpu = cpu_features()
    args = (
        *_TOOLS,
        *_GPU_FLAG[gpu],
        *(_WITHOUT_AMX if "amx_int8" in cpu.split() else ()),
        *os.environ.get("TERMAI_CMAKE_ARGS", "").split(),
    )
    return Recipe(LLAMA_CPP_PYTHON, args, compiler, cpu)


def cpu_features() -> str:
    """Return the machine type and the CPU's features as the kernel lists them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{sys.platform} {platform.machine()} {platform.processor()}"
    flags = next((x for x in lines if x.startswith(("flags", "Features"))), "")
    return f"{platform.machine()} {' '.join(sorted(flags.partition(':')[2].split()))}"
