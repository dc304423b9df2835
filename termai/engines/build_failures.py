"""Why a build of llama.cpp failed: from what pip, CMake and the compilers wrote to a sentence.

Wordings of pip 23 to 26, CMake 3.25 (Modules/CMakeDetermineCompilerId, FindCUDAToolkit,
FindVulkan), GCC 12, nvcc 12 (host_config.h), ggml's CMakeLists.txt in llama-cpp-python 0.3.36.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from termai.text import one_line

_SHOWN = 6
_WIDTH = 300


@dataclass(frozen=True, slots=True)
class Cause:
    """A known failure: what its lines hold, what happened, and what to do."""

    pattern: str
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a build failed, what to do, and the lines that say so."""

    sentence: str
    fix: str
    lines: tuple[str, ...]


_FEWER = "Build with `termai engines build --jobs 1`, stop servers meanwhile, or add swap."
_CAUSES = (
    Cause(
        r"No space left on device|Disk quota exceeded",
        "The disk became full.",
        "Free some GiB where termai's data lies, or set TERMAI_DATA_DIR to a larger disk.",
    ),
    Cause(
        r"Killed signal terminated program|fatal error: Killed|virtual memory exhausted"
        r"|cc1plus: out of memory|std::bad_alloc|(?:nvcc|clang|cicc|ptxas)[^\n]{0,80}Killed",
        "The machine ran out of memory while compiling.",
        _FEWER,
    ),
    Cause(
        r"unsupported GNU version|unsupported clang version",
        "The C++ compiler is newer than this CUDA allows.",
        "Install an older g++ beside it and name it: "
        "TERMAI_CMAKE_ARGS=-DCMAKE_CUDA_HOST_COMPILER=g++-12, or install a newer CUDA.",
    ),
    Cause(
        r"[Uu]nsupported gpu architecture",
        "This CUDA does not know the generation of this machine's GPU.",
        "Install a CUDA toolkit that does: a newer one for a new GPU, an older one for an old GPU.",
    ),
    Cause(
        r"Failed to find nvcc|No CMAKE_CUDA_COMPILER could be found|CUDA Toolkit not found"
        r"|Could NOT find CUDAToolkit|CMAKE_CUDA_COMPILER[^\n]{0,120}not found",
        "CMake does not find NVIDIA's CUDA compiler.",
        "Put the bin directory of CUDA (/usr/local/cuda/bin) on PATH, or build with --gpu none.",
    ),
    Cause(
        r"CUDA::cublas|fatal error: cublas_v2\.h|fatal error: cuda_runtime\.h",
        "This CUDA has a compiler and lacks its libraries.",
        "Install the whole toolkit (on Debian and Ubuntu cuda-toolkit), or build with --gpu none.",
    ),
    Cause(
        r"provided by \"hip\"|hip-config\.cmake|hip compiler|HIP_COMPILER[^\n]{0,120}not found",
        "CMake does not find AMD's ROCm.",
        "Install rocm-hip-sdk and set HIP_PATH to it, or build with --gpu none.",
    ),
    Cause(
        r"Could NOT find Vulkan|SPIRV-Headers|glslc[^\n]{0,80}not found",
        "CMake does not find Vulkan's headers or its shader compiler.",
        "Install libvulkan-dev, glslc and spirv-headers, or build with --gpu none.",
    ),
    Cause(
        r"No CMAKE_CX?X?_COMPILER could be found|CMAKE_CX?X?_COMPILER not set"
        r"|is not a full path (?:to an existing compiler|and was not found)",
        "CMake does not find a C and C++ compiler that works.",
        "Install one (on Debian and Ubuntu: `sudo apt install build-essential`).",
    ),
    Cause(
        r"(?:fatal error: |error: )[^\n]{0,80}(?:stdlib\.h|stdio\.h|linux/[^\n]{1,30}\.h)"
        r"[^\n]{0,20}No such file",
        "The C library's headers are missing.",
        "Install them (libc6-dev, glibc-devel, or linux-headers and musl-dev on Alpine).",
    ),
    Cause(
        r"CMake [\d.]+ or higher is required",
        "CMake is too old.",
        "Take the old one off PATH: pip then brings its own.",
    ),
    Cause(
        r"No module named pip|No module named ensurepip",
        "This Python has no pip.",
        "Install it (on Debian and Ubuntu: `sudo apt install python3-pip python3-venv`).",
    ),
    Cause(
        r"name resolution|Network is unreachable|Failed to establish a new connection"
        r"|ConnectTimeoutError|ReadTimeoutError|ProxyError|CERTIFICATE_VERIFY_FAILED"
        r"|Could not fetch URL|No matching distribution found|ConnectionResetError",
        "pip could not fetch the sources of llama.cpp or what builds them.",
        "Look at the network and at pip's index (`pip config list`); behind a proxy set "
        "HTTPS_PROXY.",
    ),
)


def explain(lines: Sequence[str], *, oom_killed: bool = False) -> Explained:
    """Explain a failed build by the last lines it wrote; nothing in it can drive a terminal."""
    text = "\n".join(lines)
    for cause in _CAUSES:
        if found := re.search(cause.pattern, text):
            return Explained(cause.sentence, cause.fix, _around(lines, found[0]))
    if oom_killed:
        return Explained("The machine ran out of memory while compiling.", _FEWER, ())
    return Explained(
        "llama.cpp did not compile.",
        "The lines above and the whole log say why; `--gpu none` builds it for the CPU only.",
        _errors(lines),
    )


def _around(lines: Sequence[str], said: str) -> tuple[str, ...]:
    first = said.splitlines()[0]
    return tuple(one_line(line, _WIDTH) for line in lines if first in line)[:2]


def _errors(lines: Sequence[str]) -> tuple[str, ...]:
    told = [line for line in lines if line.strip() and not line.startswith("termai")]
    errors = [line for line in told if re.search(r"\berror\b", line, re.IGNORECASE)]
    return tuple(one_line(line, _WIDTH) for line in (errors or told)[-_SHOWN:])
