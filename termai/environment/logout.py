"""Whether servers go on after logging out, which systemd decides where it manages logins."""

import re
from pathlib import Path

from termai.environment import programs
from termai.environment.finding import Finding, Verdict

NAME = "After logout"
SYSTEMD = Path("/run/systemd/system")
CGROUP = Path("/proc/self/cgroup")
LINGER = Path("/var/lib/systemd/linger")

_MANAGER = (
    "org.freedesktop.login1",
    "/org/freedesktop/login1",
    "org.freedesktop.login1.Manager",
)


def survival() -> Finding:
    """Tell whether a server started here outlives the login.

    systemd ends the processes of a login session at logout when KillUserProcesses is on
    (logind.conf(5)), and those under a user's service manager unless the user lingers
    (loginctl(1)). Other init systems end neither.
    """
    if not SYSTEMD.is_dir():
        return Finding(NAME, Verdict.OK, "Servers go on: no systemd ends them.")
    if re.search(r"/user@\d+\.service/", _cgroup()):
        return _under_user_manager()
    if _kill_user_processes():
        return Finding(
            NAME,
            Verdict.WARNING,
            "Servers end when you log out: KillUserProcesses is on.",
            "set KillUserProcesses=no in /etc/systemd/logind.conf, then log in again",
        )
    return Finding(NAME, Verdict.OK, "Servers go on when you log out.")


def _under_user_manager() -> Finding:
    user = _user()
    if (LINGER / user).exists():
        return Finding(NAME, Verdict.OK, "Servers go on when you log out: lingering is on.")
    return Finding(
        NAME,
        Verdict.WARNING,
        "Servers end when you log out: lingering is off.",
        f"loginctl enable-linger {user}",
    )


def _kill_user_processes() -> bool:
    busctl = programs.find("busctl")
    return bool(busctl) and "b true" in programs.said(
        busctl, "get-property", *_MANAGER, "KillUserProcesses"
    )


def _cgroup() -> str:
    try:
        return CGROUP.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "$USER"
