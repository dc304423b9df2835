"""The prompt of a command: its argument, standard input, or both."""

import os
import select
import stat
import sys

from termai.cli.opening import is_terminal
from termai.cli.style import warn
from termai.errors import UsageError

LIMIT = 32 << 20  # bytes of standard input that are taken
_PATIENCE_S = 2.0  # of silence before a person is told what is awaited


def compose(argument: str | None) -> str:
    """Return the prompt: ``argument``, what standard input holds, or both in this order.

    A terminal and a closed or empty standard input add nothing. Raises UsageError for an
    input that is too long or is not UTF-8.
    """
    parts = [part for part in (argument or "", _standard_input()) if part.strip()]
    return "\n\n".join(parts)


def _standard_input() -> str:
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError, AttributeError):
        return ""
    if stat.S_ISCHR(mode):
        return ""
    if not stat.S_ISREG(mode):
        _await(descriptor)
    data = sys.stdin.buffer.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise UsageError(f"Standard input is longer than {LIMIT >> 20} MiB, the most that is read.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("Standard input is not UTF-8 text.") from error


def _await(descriptor: int) -> None:
    """Say what is awaited of a pipe that stays silent, as one that nobody meant to be read."""
    readable, _, _ = select.select([descriptor], [], [], _PATIENCE_S)
    if not readable:
        warn("Waiting for standard input to end; add `< /dev/null` where there is none.")


def require_terminal(*, as_json: bool) -> None:
    """Raise UsageError where no prompt came and no chat can be opened either."""
    if as_json or not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError(
            "There is no prompt.",
            fix="Give it as an argument or on standard input; at a terminal, without --json, "
            "a chat is opened.",
        )
