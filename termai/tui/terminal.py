"""The terminal: defaults that Textual reads when it is imported, and whether it is still there."""

import errno
import os
import sys
import termios
from collections.abc import Mapping

REMOTE_FPS = 15
HANGUP_EXIT = 129  # 128 plus SIGHUP, as shells report it


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


def hung_up() -> bool:
    """Say whether standard input was a terminal that has since gone (``tcgetattr`` gives EIO).

    SIGHUP alone does not tell: it reaches a program only when a shell passes it on.
    """
    try:
        termios.tcgetattr(sys.__stdin__)  # type: ignore[arg-type]  # None raises TypeError
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    except (OSError, TypeError, ValueError):
        return False
    return False


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
