"""The checks of programs and of PATH."""

from termai.environment import (
    compilers,
    cuda,
    hip,
    node_managers,
    nodes,
    path,
    pips,
    pythons,
    shaders,
    shadows,
    vulkan,
)
from termai.environment.running import Check

_PROGRAMS, _PATH = "Programs", "PATH"
_TWO_QUESTIONS_S = 5.0

CHECKS = (
    Check("Python", _PROGRAMS, pythons.running),
    Check("python3", _PROGRAMS, pythons.on_path, _TWO_QUESTIONS_S),
    Check("uv", _PROGRAMS, pips.uv),
    Check("git", _PROGRAMS, compilers.git),
    Check("node", _PROGRAMS, nodes.node, _TWO_QUESTIONS_S),
    Check("npm", _PROGRAMS, nodes.npm),
    Check("Node manager", _PROGRAMS, node_managers.check),
    Check("C compiler", _PROGRAMS, compilers.c),
    Check("C++ compiler", _PROGRAMS, compilers.cxx, _TWO_QUESTIONS_S),
    Check("make", _PROGRAMS, compilers.make),
    Check("cmake", _PROGRAMS, compilers.cmake),
    Check("ninja", _PROGRAMS, compilers.ninja),
    Check("nvcc", _PROGRAMS, cuda.nvcc, _TWO_QUESTIONS_S),
    Check("hipcc", _PROGRAMS, hip.hipcc, _TWO_QUESTIONS_S),
    Check("Vulkan", _PROGRAMS, vulkan.vulkan),
    Check("glslc", _PROGRAMS, shaders.glslc),
    Check("PATH", _PATH, path.check),
    Check("Shadowed programs", _PATH, shadows.check, _TWO_QUESTIONS_S),
)
