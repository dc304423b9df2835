"""Why builds fail: recorded and documented wordings, each with its sentence and its fix."""

from pathlib import Path

import pytest

from termai.engines.build_failures import explain
from tests.fakes.pip_wheel import RECORDED

SAMPLES = {
    "disk": (
        "fatal error: error writing to /tmp/ccX.s: No space left on device",
        "The disk became full.",
        "TERMAI_DATA_DIR",
    ),
    "memory": (
        "g++: fatal error: Killed signal terminated program cc1plus",
        "ran out of memory",
        "--jobs 1",
    ),
    "no room at all": (
        "virtual memory exhausted: Cannot allocate memory",
        "ran out of memory",
        "--jobs 1",
    ),
    "gcc too new": (
        "host_config.h:143:2: error: #error -- unsupported GNU version! gcc versions later...",
        "newer than this CUDA allows",
        "CMAKE_CUDA_HOST_COMPILER",
    ),
    "unknown GPU": (
        "nvcc fatal   : Unsupported gpu architecture 'compute_120'",
        "does not know the generation",
        "newer one",
    ),
    "no nvcc": (
        "CMake Error: No CMAKE_CUDA_COMPILER could be found.",
        "does not find NVIDIA's CUDA compiler",
        "/usr/local/cuda/bin",
    ),
    "no cuBLAS": (
        'Target "ggml-cuda" links to:\n\n    CUDA::cublas\n\n  but the target was not found.',
        "lacks its libraries",
        "whole toolkit",
    ),
    "no ROCm": (
        'Could not find a package configuration file provided by "hip" with any of',
        "does not find AMD's ROCm",
        "HIP_PATH",
    ),
    "no Vulkan": (
        "Could NOT find Vulkan (missing: Vulkan_LIBRARY Vulkan_INCLUDE_DIR glslc)",
        "Vulkan's headers",
        "libvulkan-dev",
    ),
    "no compiler": (
        "CMake Error at CMakeLists.txt:2 (project):\n  No CMAKE_CXX_COMPILER could be found.",
        "a C and C++ compiler",
        "build-essential",
    ),
    "no headers": (
        "/usr/include/c++/12/cstdlib:75:15: fatal error: stdlib.h: No such file or directory",
        "headers are missing",
        "libc6-dev",
    ),
    "old CMake": (
        "  CMake 3.99 or higher is required.  You are running version 3.25.1",
        "CMake is too old",
        "pip then brings",
    ),
    "no pip": ("/usr/bin/python3: No module named pip", "has no pip", "python3-pip"),
    "no network": (
        "WARNING: Retrying after connection broken by 'Failed to establish a new connection'",
        "could not fetch the sources",
        "HTTPS_PROXY",
    ),
}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_failure_is_explained_after_all_that_went_well(name: str) -> None:
    text, sentence, fix = SAMPLES[name]
    why = explain([*RECORDED.read_text().splitlines(), *text.splitlines()])
    assert sentence in why.sentence
    assert fix in why.fix
    assert why.lines
    assert all(len(line) <= 300 for line in why.lines)


def test_a_build_that_went_well_is_no_known_failure() -> None:
    assert explain(RECORDED.read_text().splitlines()).sentence == "llama.cpp did not compile."


def test_an_unknown_failure_shows_its_errors(tmp_path: Path) -> None:
    why = explain(["all is well", "x.cpp:1: error: expected ';'\x1b[31m", "termai: ended"])
    assert why.lines == ("x.cpp:1: error: expected ';'",)
    assert explain(["nothing said"]).lines == ("nothing said",)


def test_the_kernels_word_counts_where_no_line_says_it() -> None:
    assert "ran out of memory" in explain(["[1/2] g++ x.cpp"], oom_killed=True).sentence
