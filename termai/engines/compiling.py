"""Everything a build of llama.cpp needs, looked at before it starts, and the command of it."""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from termai.engines import wheels
from termai.engines.recipe import Gpu, Recipe, choose_gpu, recipe
from termai.environment import packages
from termai.errors import NotFoundError, StorageError, UsageError
from termai.hardware import host, limits
from termai.paths import data_dir, private_dir

_GIB = 1 << 30
_ROOM = {Gpu.NONE: _GIB, Gpu.VULKAN: 2 * _GIB, Gpu.CUDA: 8 * _GIB, Gpu.HIP: 8 * _GIB}
_EACH = {Gpu.NONE: 3 * _GIB // 2, Gpu.VULKAN: 2 * _GIB, Gpu.CUDA: 3 * _GIB, Gpu.HIP: 3 * _GIB}
_COMPILERS = {Gpu.CUDA: "nvcc", Gpu.HIP: "hipcc", Gpu.VULKAN: "glslc"}
_CXX = {
    "debian": "g++",
    "fedora": "gcc-c++",
    "rhel": "gcc-c++",
    "suse": "gcc-c++",
    "arch": "gcc",
    "alpine": "build-base linux-headers",
    "macos": "",
    "": "g++",
}
_GLSLC = {
    "debian": "glslc libvulkan-dev spirv-headers",
    "fedora": "glslc vulkan-loader-devel spirv-headers-devel",
    "arch": "shaderc vulkan-headers vulkan-icd-loader spirv-headers",
    "": "glslc libvulkan-dev",
}
_HOW_TO = {
    Gpu.CUDA: "Install NVIDIA's CUDA toolkit and put its bin directory (/usr/local/cuda/bin) on "
    "PATH, or build with --gpu none.",
    Gpu.HIP: "Install AMD's ROCm (package hipcc or rocm-hip-sdk) and put /opt/rocm/bin on PATH, or "
    "build with --gpu none.",
}
_VENV = {"debian": "python3-venv", "": "python3"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A build that can be started.

    reason: why this GPU interface. jobs: how many files are compiled at the same time.
    """

    gpu: Gpu
    reason: str
    recipe: Recipe
    rpc: bool
    jobs: int

    @property
    def name(self) -> str:
        """Return the name of the directory of the finished build."""
        return f"llama.cpp-{self.recipe.version}-{self.gpu}-{self.recipe.key[:8]}"


def prepare(gpu: str = "", *, rpc: bool = True, jobs: int = 0) -> Plan:
    """Return the plan of a build for this machine; 0 jobs takes as many as the memory allows.

    gpu: empty takes that of TERMAI_GPU, else the first interface usable here.

    Raises UsageError for a GPU interface that is none, NotFoundError when a compiler is missing
    and StorageError when the disk is too full.
    """
    try:
        choice = choose_gpu(gpu or os.environ.get("TERMAI_GPU", ""))
    except ValueError as error:
        raise UsageError(
            f"{gpu!r} is no GPU interface of llama.cpp.", fix=f"Use one of {', '.join(Gpu)}."
        ) from error
    compiler = wheels.compiler_version()
    if not compiler:
        raise NotFoundError(
            "There is no C++ compiler on PATH, which builds llama.cpp.",
            fix=packages.install(_CXX, "Run `xcode-select --install`.").fix,
        )
    _require_gpu_compiler(choice.gpu)
    _require_room(choice.gpu)
    made = recipe(choice.gpu, compiler=compiler)
    if not rpc:
        without = tuple(x.replace("GGML_RPC=ON", "GGML_RPC=OFF") for x in made.cmake_args)
        made = replace(made, cmake_args=without)
    return Plan(choice.gpu, choice.reason, made, rpc, jobs or jobs_for(choice.gpu))


def jobs_for(gpu: Gpu) -> int:
    """Return how many compilers this machine can run at once without running out of memory."""
    threads = limits.read().threads or 1
    used, total = host.memory()
    if used is None or total is None:
        return threads
    return max(1, min(threads, (total - used) // _EACH[gpu]))


def builder(scratch: Path) -> Path:
    """Return a Python that has pip: this one, or one of a virtual environment in ``scratch``.

    Raises NotFoundError where Python came without what makes one.
    """
    if importlib.util.find_spec("pip"):
        return Path(sys.executable)
    if not importlib.util.find_spec("ensurepip"):
        raise NotFoundError(
            "This Python has neither pip nor ensurepip, which fetch llama.cpp's sources.",
            fix=packages.install(_VENV).fix,
        )
    import venv

    place = scratch / "python"
    venv.create(place, with_pip=True)
    return place / "bin" / "python"


def environment(plan: Plan, scratch: Path) -> dict[str, str]:
    """Return what is laid over the environment of pip; it compiles inside ``scratch``."""
    return {
        **plan.recipe.environment,
        "CMAKE_BUILD_PARALLEL_LEVEL": str(plan.jobs),
        "TMPDIR": str(scratch),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C",
    }


def command(plan: Plan, python: Path, into: Path) -> tuple[str, ...]:
    """Return the command that builds the wheel, behind servers that want the processor."""
    nice = shutil.which("nice")
    return (*((nice, "-n", "10") if nice else ()), *plan.recipe.argv(python, into))


def builds_dir() -> Path:
    """Return the directory that holds one directory per build."""
    return data_dir() / "engines"


def _require_gpu_compiler(gpu: Gpu) -> None:
    name = _COMPILERS.get(gpu)
    if not name or shutil.which(name):
        return
    fix = _HOW_TO.get(gpu) or packages.install(_GLSLC).fix
    raise NotFoundError(f"{name} is not on PATH, which builds llama.cpp for {gpu}.", fix=fix)


def _require_room(gpu: Gpu) -> None:
    free = shutil.disk_usage(private_dir(builds_dir())).free
    if free < _ROOM[gpu]:
        raise StorageError(
            f"{builds_dir()} has {free / _GIB:.1f} GiB free; the build for {gpu} takes up to "
            f"{_ROOM[gpu] // _GIB} GiB while it runs.",
            fix="Free space, or set TERMAI_DATA_DIR to a directory on a larger disk.",
        )
