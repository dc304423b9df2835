"""glslc and the headers with which llama.cpp is built for Vulkan."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from termai.environment import packages, programs, vulkan
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look
from termai.hardware.gpu import Vendor

_INCLUDES = ("usr/include", "usr/local/include", "opt/homebrew/include")
_HEADERS = {"vulkan/vulkan.h": "Vulkan", "spirv/unified1/spirv.h": "SPIR-V"}
_COMPILER = Program(
    "glslc",
    ("glslc",),
    "Builds llama.cpp for Vulkan.",
    "Needed to build llama.cpp for this GPU with Vulkan; a prebuilt engine works without.",
    {
        "debian": "glslc libvulkan-dev spirv-headers",
        "fedora": "glslc vulkan-headers vulkan-loader-devel spirv-headers-devel",
        "rhel": "glslc vulkan-headers vulkan-loader-devel",
        "arch": "shaderc vulkan-headers vulkan-icd-loader spirv-headers",
        "suse": "shaderc vulkan-devel spirv-headers",
        "alpine": "shaderc vulkan-headers vulkan-loader-dev spirv-headers",
        "macos": "shaderc vulkan-headers vulkan-loader molten-vk spirv-headers",
        "": "",
    },
    otherwise="Install the Vulkan SDK from https://vulkan.lunarg.com.",
)


def glslc(vendors: Sequence[Vendor] | None = None) -> Iterator[Finding]:
    """Look for the compiler of shaders, and for the headers of Vulkan and SPIR-V beside it."""
    wanted = vulkan.wanted_by(vendors)
    if not wanted and not programs.find("glslc"):
        yield Finding("glslc", Verdict.NOT_NEEDED, "Not found, and no GPU here needs Vulkan.")
        return
    found = look(_COMPILER)
    lacking = [name for header, name in _HEADERS.items() if not _there(header)]
    if found.verdict is Verdict.OK and wanted and lacking:
        remedy = packages.install(_COMPILER.packages, _COMPILER.otherwise)
        found = replace(
            found,
            verdict=Verdict.WARNING,
            sentence=f"The headers of {' and '.join(lacking)}, needed beside it, are not found.",
            fix=remedy.fix,
            command=remedy.command,
        )
    yield found


def _there(header: str) -> bool:
    kit = os.environ.get("VULKAN_SDK")
    places = (*((Path(kit) / "include",) if kit else ()), *(vulkan.ROOT / p for p in _INCLUDES))
    return any((place / header).is_file() for place in places)
