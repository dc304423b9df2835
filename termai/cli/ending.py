"""How a command ends: its exit code, and failures told on standard error without a traceback.

Exit codes: 0, those of ``termai.errors``, 130 when interrupted with Ctrl-C, and 141 when the
reader of standard output went away (128 plus SIGINT and SIGPIPE, as shells report them).
"""

import errno
import json
import os
import sys
from collections.abc import Callable, Sequence

from termai.cli.style import paint, write_error
from termai.errors import StorageError, TermaiError
from termai.text import printable

INTERRUPTED = 130
NO_READER = 141
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

HELP = """\
Exit codes: 0 done · 1 unexpected · 2 usage · 3 not found · 4 invalid file
5 start failed · 6 unreachable · 7 storage · 8 access denied · 130 interrupted"""


class InterruptedWaitError(KeyboardInterrupt):
    """Ctrl-C where something may go on without us: ``message`` says what, if anything."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


def guarded(command: Callable[[list[str]], int], arguments: list[str]) -> int:
    """Run ``command`` and return the exit code, whatever happens in it."""
    try:
        code = command(arguments)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001  # the last place before a traceback
        return after(error, arguments)
    return code


def after(error: BaseException, arguments: list[str]) -> int:
    """Tell why a command failed and return the exit code; SystemExit is raised again."""
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, BrokenPipeError):
        return _without_reader()
    if isinstance(error, KeyboardInterrupt):
        return _interrupted(error)
    if os.environ.get("TERMAI_DEBUG"):
        import traceback

        traceback.print_exception(error)
    ours = error if isinstance(error, TermaiError) else _explained(error)
    tell(ours, as_json="--json" in arguments)
    return ours.exit_code


def tell(error: TermaiError, *, as_json: bool) -> None:
    """Write a failure to standard error: what, the evidence, what to do; or one JSON object."""
    if as_json:
        write_error(json.dumps({"error": as_object(error)}))
        return
    lines = [f"{paint('Error:', 'bad', sys.stderr)} {printable(error.message)}"]
    lines += [f"  | {printable(line)}" for line in error.detail]
    if error.fix:
        lines.append(printable(error.fix))
    write_error("\n".join(lines))


def as_object(error: TermaiError) -> dict[str, object]:
    """Return a failure as JSON values: kind, message, fix, detail and exit_code."""
    return {
        "kind": kind(type(error)),
        "message": error.message,
        "fix": error.fix,
        "detail": list(error.detail),
        "exit_code": error.exit_code,
    }


def kind(error: type[TermaiError]) -> str:
    """Return the public name of a class of failures, such as ``not_found``."""
    public: Sequence[type] = error.__mro__[: error.__mro__.index(TermaiError)]
    name = public[-1].__name__ if public else "UnexpectedError"
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name.removesuffix("Error"))
    return words.lstrip("_")


def _explained(error: BaseException) -> TermaiError:
    """Return what nobody has explained so far as a failure that can be told."""
    if isinstance(error, OSError) and error.filename is not None:
        return StorageError(f"{error.filename} could not be used: {error.strerror}.")
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _without_reader()
        return StorageError(f"The output could not be written: {error.strerror}.")
    return TermaiError(
        f"termai met a fault of its own: {type(error).__name__}: {error}",
        fix="Set TERMAI_DEBUG=1 and repeat the command to see where.",
    )


def _interrupted(error: KeyboardInterrupt) -> int:
    """Begin a new line after the terminal's ^C, where click has not done so, and tell."""
    if not isinstance(error, InterruptedWaitError):
        write_error("")
    elif error.message:
        write_error(printable(error.message))
    return INTERRUPTED


def _without_reader() -> int:
    """Let nothing more be written, not even by Python as it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    return NO_READER
