"""How this system installs a package: the command, with the rights and the index that it needs."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from termai.environment import programs
from termai.environment.remedy import Remedy

ROOT = Path("/")
_LARGEST = 64 << 10
_APT_LIMIT_S = 4.0


@dataclass(frozen=True, slots=True)
class _Manager:
    """One package manager.

    install: its command, without the packages. again: the same for packages that are here and
    broken. refresh: the command that has to come first where the pattern ``index`` below the root
    has no match, as in a fresh container.
    """

    install: str
    again: str
    refresh: str = ""
    index: str = ""


_MANAGERS = {
    "debian": _Manager(
        "apt-get install -y",
        "apt-get install --reinstall -y",
        "apt-get update",
        "var/lib/apt/lists/*_Packages*",
    ),
    "fedora": _Manager("dnf install -y", "dnf reinstall -y"),
    "rhel": _Manager("dnf install -y", "dnf reinstall -y"),
    "arch": _Manager(
        "pacman -S --needed --noconfirm",
        "pacman -S --noconfirm",
        "pacman -Syu --noconfirm",
        "var/lib/pacman/sync/*.db",
    ),
    "suse": _Manager(
        "zypper --non-interactive install", "zypper --non-interactive install --force"
    ),
    "alpine": _Manager("apk add -U", "apk fix"),
}


def install(packages: Mapping[str, str], otherwise: str = "", *, again: bool = False) -> Remedy:
    """Return how to install packages on this system.

    ``packages`` names them, with blanks between, by family of systems (``debian``, ``fedora``,
    ``rhel``, ``arch``, ``suse``, ``alpine``, ``macos``), with ``""`` for the rest; an empty name
    means that the family does not offer them, and ``otherwise`` is what to do then. ``again`` is
    for packages whose programs are here and broken.
    """
    family = _family()
    wanted = packages.get(family, packages.get("", ""))
    if not wanted:
        return Remedy(otherwise)
    if family == "macos":
        return _with_homebrew(wanted, "reinstall" if again else "install")
    manager = _MANAGERS.get(family)
    if manager is None or (ROOT / "run/ostree-booted").exists():
        return Remedy(f"Install {wanted} with the system's package manager.")
    refresh = manager.refresh if manager.index and not _any(manager.index) else ""
    command = manager.again if again else manager.install
    return as_root(*filter(None, (refresh, f"{command} {wanted}")))


def as_root(*commands: str) -> Remedy:
    """Return commands, one after the other, with root's rights as this user can get them."""
    become = _with_sbin() if os.geteuid() == 0 else _becoming()
    if become is None:
        return Remedy(f"As root: {' && '.join(commands)}")
    return Remedy.run(" && ".join(f"{become}{command}" for command in commands))


def offered(package: str) -> str | None:
    """Return the version of a package that apt would install, empty when it has none.

    None where it cannot tell: without apt, with an index that has yet to be fetched, or in time.
    """
    if not _any(_MANAGERS["debian"].index):
        return None
    answer = programs.ask("apt-cache", "policy", package, limit_s=_APT_LIMIT_S)
    if answer.late:
        return None
    found = re.search(r"^ *Candidate: (?:\d+:)?(\S+)", answer.text, re.MULTILINE)
    return "" if not found or found[1] == "(none)" else found[1]


def family() -> str:
    """Return the family of this system as ``install`` calls it, empty when unknown."""
    return _family()


def _with_sbin() -> str:
    """Return what to write before a command of root so that it finds programs such as ldconfig."""
    on_path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    lacking = not {"/usr/sbin", "/sbin"} & set(on_path)
    return 'PATH="$PATH:/usr/sbin:/sbin" ' if lacking else ""


def _becoming() -> str | None:
    """Return what to write before a command that needs root, None where nothing helps."""
    return next((f"{name} " for name in ("sudo", "doas") if shutil.which(name)), None)


def _with_homebrew(wanted: str, verb: str) -> Remedy:
    if shutil.which("brew"):
        return Remedy.run(f"brew {verb} {wanted}")
    return Remedy(f"Install Homebrew from https://brew.sh, then: brew install {wanted}")


def _family() -> str:
    if sys.platform == "darwin":
        return "macos"
    return next((name for name in _names() if name in _MANAGERS), "")


def _names() -> tuple[str, ...]:
    """Return ID and ID_LIKE of os-release(5), the most specific first."""
    try:
        with (ROOT / "etc/os-release").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LARGEST)
    except OSError:
        return ()
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    values = (pairs.get(key, "").strip("\"'") for key in ("ID", "ID_LIKE"))
    names = [name for value in values for name in value.split()]
    return tuple("suse" if "suse" in name else name for name in names)


def _any(pattern: str) -> bool:
    return next(ROOT.glob(pattern), None) is not None
