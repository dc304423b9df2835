"""Asking programs for their versions, and naming the command that installs one here."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TIME_LIMIT_S = 10.0

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_OS_RELEASE = Path("/etc/os-release")
_INSTALLERS = {
    "debian": "sudo apt install",
    "fedora": "sudo dnf install",
    "rhel": "sudo dnf install",
    "arch": "sudo pacman -S",
    "suse": "sudo zypper install",
    "alpine": "sudo apk add",
}


def find(*names: str) -> str:
    """Return the path of the first of the programs that is on PATH, empty for none."""
    return next((path for name in names if (path := shutil.which(name))), "")


def said(program: str, *arguments: str) -> str:
    """Return what a program prints to both outputs; empty when it fails or takes too long."""
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout + done.stderr)[: 64 << 10].decode(errors="replace")


def version(program: str) -> str:
    """Return the first dotted number of ``PROGRAM --version``, empty when there is none."""
    found = _VERSION.search(said(program, "--version"))
    return found[0] if found else ""


def install(packages: Mapping[str, str]) -> str:
    """Return the command that installs a package on this system.

    ``packages`` names the package by family of systems (``debian``, ``fedora``, ...), with
    ``""`` for the rest.
    """
    for family in _families():
        if family in _INSTALLERS:
            return f"{_INSTALLERS[family]} {packages.get(family, packages[''])}"
    if sys.platform == "darwin":
        return f"brew install {packages.get('macos', packages[''])}"
    return f"install {packages['']} with the system's package manager"


@cache
def _families() -> tuple[str, ...]:
    """Return ID and ID_LIKE of os-release(5), the most specific first."""
    try:
        text = _OS_RELEASE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    values = (pairs.get(key, "").strip("\"'") for key in ("ID", "ID_LIKE"))
    names = [name for value in values for name in value.split()]
    return tuple("suse" if "suse" in name else name for name in names)
