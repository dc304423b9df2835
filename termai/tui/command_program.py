"""Handing the terminal to a command, and taking it back when its output was read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from termai.errors import UsageError
from termai.text import printable
from termai.tui.editor_program import interrupts_left_to_it

if TYPE_CHECKING:
    from textual.app import App

NOT_FOUND = 127  # the code of a shell that finds no such program, POSIX sh


def run_command(app: App[object], command: str) -> int:
    """Run the command of a finding in the terminal of ``app``; return its exit code.

    Below 0: the signal that ended it. The program stands still until the user, who reads the
    output, presses Enter. Raises UsageError where the terminal cannot be handed over, or there is
    no shell.
    """
    from termai.doctor import mending

    try:
        with app.suspend(), interrupts_left_to_it():
            _say(f"$ {printable(command)}\n")
            code = mending.run(command)
            _say(f"\n{_ended(code)} Enter goes back to termai. ")
            _wait_for_enter()
    except SuspendNotSupported as error:
        raise UsageError(
            "This terminal cannot be handed to a command.",
            fix=f"Run it in another one: {command}",
        ) from error
    except OSError as error:
        raise UsageError(
            f"The command could not be run: {error.strerror}.", fix="Is there a /bin/sh?"
        ) from error
    return code


def _ended(code: int) -> str:
    if code < 0:
        return "It was stopped."
    if code == NOT_FOUND:
        return "It ended with code 127: a program in it was not found."
    return f"It ended with code {code}." if code else "It is done."


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n" if text.startswith("$") else text)
    sys.stdout.flush()


def _wait_for_enter() -> None:
    try:
        sys.stdin.readline()
    except (OSError, ValueError):  # the terminal is gone
        return
