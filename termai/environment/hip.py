"""hipcc, which builds llama.cpp for AMD's GPUs."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from termai.environment import packages, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look
from termai.hardware import gpus
from termai.hardware.gpu import Vendor

NEEDED = (6, 1)
"""The oldest HIP that llama.cpp takes (ggml-hip/CMakeLists.txt of llama-cpp-python 0.3.36)."""

_NAME = "hipcc"
_AMD = "https://rocm.docs.amd.com/projects/install-on-linux"
_OTHERWISE = f"Install ROCm from {_AMD}, or build for Vulkan instead."
_PACKAGES = {
    "debian": "hipcc libhipblas-dev librocblas-dev",
    "fedora": "rocm-hip-devel hipblas-devel rocblas-devel",
    "arch": "rocm-hip-sdk",
    "": "",
}
_BLAS = {
    "debian": "libhipblas-dev librocblas-dev",
    "fedora": "hipblas-devel rocblas-devel",
    "arch": "hipblas rocblas",
    "": "",
}
_ELSEWHERE = _PACKAGES | {"debian": ""}


def hipcc(present: bool | None = None) -> Iterator[Finding]:
    """Look for hipcc and whether llama.cpp takes it; ``present`` tells whether an AMD GPU is."""
    if present is None:
        present = any(gpu.vendor is Vendor.AMD for gpu in gpus.read_all())
    if not present and not programs.find(_NAME):
        yield Finding(_NAME, Verdict.NOT_NEEDED, "Not found, and no AMD GPU is here.")
        return
    if programs.find("glslc") and not programs.find(_NAME):
        sentence = "Not found; glslc builds llama.cpp for this GPU with Vulkan."
        yield Finding(_NAME, Verdict.NOT_NEEDED, sentence)
        return
    found = look(_program())
    if found.verdict is Verdict.OK and programs.numbers(found.version)[:2] < NEEDED:
        found = replace(
            found,
            verdict=Verdict.WARNING,
            sentence=f"Too old for llama.cpp, which needs HIP {NEEDED[0]}.{NEEDED[1]} or later.",
            fix=_OTHERWISE,
        )
    elif found.verdict is Verdict.OK and present and not _has_blas(found.path):
        remedy = packages.install(_BLAS, _OTHERWISE)
        found = replace(
            found,
            verdict=Verdict.WARNING,
            sentence="hipBLAS, with which llama.cpp is built for HIP, is not found beside it.",
            fix=remedy.fix,
            command=remedy.command,
        )
    yield found


def _has_blas(hipcc: str) -> bool:
    """Tell whether hipBLAS is there to build with, True when the place of ROCm is unknown."""
    real = Path(os.path.realpath(hipcc))
    named = os.environ.get("ROCM_PATH")
    roots = (*((Path(named),) if named else ()), real.parent.parent, Path(hipcc).parent.parent)
    known = [root / "include" for root in roots if (root / "include/hip").is_dir()]
    return not known or any((place / "hipblas/hipblas.h").is_file() for place in known)


def _program() -> Program:
    return Program(
        _NAME,
        (_NAME,),
        "Builds llama.cpp for AMD's GPUs.",
        "Needed to build llama.cpp for this GPU with HIP; Vulkan works too.",
        _packages(),
        ("/opt/rocm/bin", "/opt/rocm-*/bin"),
        otherwise=_OTHERWISE,
    )


def _packages() -> Mapping[str, str]:
    """Return the packages of hipcc, without apt's unless it is known to be new enough."""
    if programs.find(_NAME) or packages.family() != "debian":
        return _PACKAGES
    offer = packages.offered(_NAME)
    return _PACKAGES if offer and programs.numbers(offer)[:2] >= NEEDED else _ELSEWHERE
