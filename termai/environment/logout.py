"""Whether servers go on after logging out, which systemd decides where it manages logins."""

import re
from collections.abc import Callable
from pathlib import Path

from termai.environment import place, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, text

NAME = "After logout"

_MANAGER = (
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
)


def survival(root: Path = ROOT, ask: Callable[..., str] = programs.said) -> Finding:
    """Tell whether a server started here outlives the login.

    systemd ends the processes of a login session at logout when KillUserProcesses is on
    (logind.conf(5)), and those under a user's service manager unless the user lingers
    (loginctl(1)). Other init systems end neither. A container ends with its first program.
    """
    if place.wsl(root):
        return Finding(
            NAME,
            Verdict.WARNING,
            "Windows may end this Linux (WSL) some time after its last window is closed.",
            "Keep a window of it open while servers run.",
        )
    if not (root / "run/systemd/system").is_dir():
        if place.container(root):
            return Finding(NAME, Verdict.OK, "Servers go on until the container ends.")
        return Finding(NAME, Verdict.OK, "Servers go on: no systemd ends them.")
    if re.search(r"/user@\d+\.service/", text(root / "proc/self/cgroup", 4096)):
        return _under_user_manager(root)
    if _kill_user_processes(ask):
        return Finding(
            NAME,
            Verdict.WARNING,
            "Servers end when you log out: KillUserProcesses is on.",
            "Set KillUserProcesses=no in /etc/systemd/logind.conf, then log in again.",
        )
    return Finding(NAME, Verdict.OK, "Servers go on when you log out.")


def _under_user_manager(root: Path) -> Finding:
    user = place.user()
    if (root / "var/lib/systemd/linger" / user).exists():
        return Finding(NAME, Verdict.OK, "Servers go on when you log out: lingering is on.")
    command = f"loginctl enable-linger {user}"
    return Finding(
        NAME,
        Verdict.WARNING,
        "Servers end when you log out: lingering is off.",
        command,
        command=command,
        cause="Your user's systemd, under which this terminal runs, ends with your last login.",
    )


def _kill_user_processes(ask: Callable[..., str]) -> bool:
    busctl = programs.find("busctl")
    question = ("get-property", *_MANAGER, "KillUserProcesses")
    return bool(busctl) and "b true" in ask(busctl, *question)
