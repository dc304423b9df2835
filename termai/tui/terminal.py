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


def let_alt_digits_through() -> None:
    """Make ESC followed by one of the modes' digits mean alt and the digit again.

    Textual 8 reads it as what a Mac's Option key types (``ESC 3`` as a pound sign), which is
    then typed into the chat. Terminals that mean such characters send them as UTF-8.
    """
    from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

    table = dict(ANSI_SEQUENCES_KEYS)
    for digit in "12345":
        if isinstance(table.get(f"\x1b{digit}"), str):
            ANSI_SEQUENCES_KEYS.pop(f"\x1b{digit}")  # type: ignore[attr-defined]
