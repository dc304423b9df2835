"""Defaults for the terminal that Textual reads from the environment when it is imported."""

import os
from collections.abc import Mapping

REMOTE_FPS = 15


def prepare() -> None:
    """Set the defaults in this process's environment; what the user has set stays."""
    for name, value in defaults(os.environ).items():
        os.environ.setdefault(name, value)


def defaults(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for this terminal: over SSH fewer frames and nothing that moves.

    ESCDELAY is how many milliseconds the rest of an escape sequence may take to arrive before
    Escape counts as a key of its own; a slow link tears sequences apart.
    """
    remote = bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
    if not remote:
        return {"TEXTUAL_ANIMATIONS": "basic"}
    return {
        "TEXTUAL_FPS": str(REMOTE_FPS),
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "ESCDELAY": "200",
    }
