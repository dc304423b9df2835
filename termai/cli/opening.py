"""Opening the program from the command line."""

import sys

from termai.errors import UsageError


def open_program(chat_with: str = "") -> int:
    """Open the program, with ``chat_with`` in a chat with that server; returns its exit code.

    Raises UsageError where there is no terminal.
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "The program needs a terminal to open in.",
            fix="In scripts use a command such as `termai run`; `termai --help` lists them.",
        )
    from termai import tui

    return tui.run(chat_with=chat_with)


def is_terminal(stream: object) -> bool:
    """Return whether a standard stream is open and a terminal."""
    ask = getattr(stream, "isatty", None)
    return bool(ask and ask())
