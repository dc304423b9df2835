"""What the program shows first: the mode that fits what runs; on a first start, what works here."""

import os
from dataclasses import dataclass

from termai.errors import TermaiError, UsageError

MODES = ("environment", "models", "profiles", "servers", "chat")
FIRST_PROFILE = "smoke"
NO_AUTOSTART = "TERMAI_NO_AUTOSTART"


@dataclass(frozen=True, slots=True)
class Opening:
    """The mode to open, the server to chat with, and the profile to start (empty for none).

    first: whether nothing was ever started on this machine.
    """

    mode: str = "servers"
    chat_with: str = ""
    start_profile: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class FirstStart:
    """Whether the shipped model was asked for, and why it could not be started."""

    asked: bool = False
    trouble: str = ""


def check_mode(mode: str) -> None:
    """Raise UsageError unless ``mode`` is empty or one of MODES."""
    if mode and mode not in MODES:
        raise UsageError(f"There is no mode {mode}.", fix=f"Modes are {', '.join(MODES)}.")


def plan(start: str = "", chat_with: str = "") -> Opening:
    """Choose the opening: what was asked for, else Chat if a server runs, else Servers.

    Where no job was ever recorded this is the first start: Environment leads, and the shipped
    profile ``smoke`` is started meanwhile, so that the chat with it is the next step; with
    TERMAI_NO_AUTOSTART nothing is started. Servers that cannot be listed count as none; the
    program tells of them once it is open.
    """
    if chat_with:
        return Opening("chat", chat_with)
    if _first_start():
        profile = "" if os.environ.get(NO_AUTOSTART) else FIRST_PROFILE
        return Opening(start or "environment", profile, profile, first=True)
    running = _running()
    if start:
        return Opening(start, running)
    return Opening("chat", running) if running else Opening("servers")


def _first_start() -> bool:
    from termai.paths import jobs_dir

    try:
        return next(jobs_dir().iterdir(), None) is None
    except OSError:
        return True


def _running() -> str:
    """Return the name of the newest living server, empty when none lives."""
    from termai.servers.registry import list_servers

    try:
        return next((server.name for server in list_servers(past=False)), "")
    except (TermaiError, OSError):
        return ""
