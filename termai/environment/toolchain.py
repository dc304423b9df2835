"""The programs that set-up and companions need: Python, git, node, npm, a C++ compiler."""

import platform
import sys
from collections.abc import Mapping

from termai.environment import programs
from termai.environment.finding import Finding, Verdict

NODE_NEEDED = (20,)


def python() -> Finding:
    """Report the Python that runs termai."""
    inside = sys.prefix != sys.base_prefix
    place = "in a virtual environment" if inside else "without a virtual environment"
    return Finding(
        "Python",
        Verdict.OK,
        f"Runs termai, {place}.",
        path=sys.executable,
        version=platform.python_version(),
    )


def compiler() -> Finding:
    """Look for a C++ compiler, which building llama.cpp needs."""
    return _program(
        "C++ compiler",
        ("c++", "g++", "clang++"),
        "Builds llama.cpp for this machine.",
        "Needed to build llama.cpp for this machine; a prebuilt engine works without.",
        {"": "g++", "fedora": "gcc-c++", "arch": "gcc", "suse": "gcc-c++", "macos": "llvm"},
    )


def git() -> Finding:
    """Look for git, which fetches and updates programs such as SillyTavern."""
    return _program(
        "git",
        ("git",),
        "Fetches and updates programs from source.",
        "Needed to fetch programs such as SillyTavern.",
        {"": "git"},
    )


def node() -> Finding:
    """Look for Node.js and whether it is new enough for SillyTavern."""
    found = _program(
        "node",
        ("node", "nodejs"),
        "Runs SillyTavern.",
        "Needed to run SillyTavern only.",
        {"": "nodejs", "macos": "node"},
    )
    if found.verdict is Verdict.OK and _numbers(found.version) < NODE_NEEDED:
        return Finding(
            found.name,
            Verdict.WARNING,
            f"Too old for SillyTavern, which needs {NODE_NEEDED[0]} or later.",
            "Install a current Node.js from https://nodejs.org/en/download",
            found.path,
            found.version,
        )
    return found


def npm() -> Finding:
    """Look for npm, which installs what SillyTavern is made of."""
    return _program(
        "npm",
        ("npm",),
        "Installs what SillyTavern is made of.",
        "Needed to install SillyTavern only.",
        {"": "npm", "fedora": "nodejs-npm"},
    )


def _program(
    name: str, candidates: tuple[str, ...], there: str, missing: str, packages: Mapping[str, str]
) -> Finding:
    path = programs.find(*candidates)
    if not path:
        return Finding(name, Verdict.WARNING, f"Not found. {missing}", programs.install(packages))
    version = programs.version(path)
    if not version:
        return Finding(
            name,
            Verdict.WARNING,
            f"It is there and does not say its version. {missing}",
            programs.install(packages),
            path,
        )
    return Finding(name, Verdict.OK, there, path=path, version=version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
