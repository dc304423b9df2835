"""What kind of machine this is: a container or not, WSL or not; and who is asking."""

import getpass
import re
import shlex
from pathlib import Path

from termai.environment.packages import as_root
from termai.environment.reading import ROOT, text
from termai.environment.remedy import Remedy

_GROUPS = (
    ("kubepods", "kubernetes"),
    ("docker", "docker"),
    ("libpod", "podman"),
    ("lxc", "lxc"),
    ("containerd", "containerd"),
)


def container(root: Path = ROOT) -> str:
    """Return what runs this container, such as ``docker``; empty outside of one.

    Signs: /run/systemd/container (systemd's container interface), /.dockerenv of Docker,
    /run/.containerenv of Podman, the control groups' names, Kubernetes' mounted secrets.
    """
    told = text(root / "run/systemd/container", 64)
    if re.fullmatch(r"[a-z][a-z0-9-]{1,30}", told) and told != "wsl":
        return told
    if (root / "var/run/secrets/kubernetes.io").exists():
        return "kubernetes"
    if (root / "run/.containerenv").exists():
        return "podman"
    if (root / ".dockerenv").exists():
        return "docker"
    groups = text(root / "proc/self/cgroup", 4096)
    return next((name for sign, name in _GROUPS if f"/{sign}" in groups), "")


def wsl(root: Path = ROOT) -> bool:
    """Return whether this is Linux inside Windows."""
    return "microsoft" in text(root / "proc/sys/kernel/osrelease", 256).casefold()


def headless(root: Path = ROOT) -> bool:
    """Return whether nothing draws on a screen here."""
    sockets = root / "tmp/.X11-unix"
    return not (sockets.is_dir() and any(sockets.iterdir()))


def user() -> str:
    """Return the name of the user, quoted for a shell; ``"$USER"`` where it has none."""
    try:
        return shlex.quote(getpass.getuser())
    except (KeyError, OSError):
        return '"$USER"'


def on_host(command: str, root: Path = ROOT) -> Remedy:
    """Return how to run a command as root on the machine itself, which a container cannot."""
    return Remedy(f"On the host, as root: {command}") if container(root) else as_root(command)
