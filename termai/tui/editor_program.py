"""Handing the terminal to an editor of the user's, and taking it back."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from termai.errors import UsageError

if TYPE_CHECKING:
    from textual.app import App


def edit_file(app: App[Any], argv: Sequence[str], path: Path) -> float:
    """Run an editor on ``path`` in the terminal of ``app``; return how many seconds it took.

    The program stands still meanwhile. Raises UsageError when the editor cannot be run, and where
    the terminal cannot be handed over.
    """
    began = time.monotonic()
    try:
        with app.suspend(), interrupts_left_to_it():
            subprocess.run([*argv, str(path)], check=False)
    except SuspendNotSupported as error:
        raise UsageError(
            "This terminal cannot be handed to an editor.", fix=f"Edit {path} in another one."
        ) from error
    except OSError as error:
        raise UsageError(
            f"The editor {argv[0]} could not be run: {error.strerror}.",
            fix="Set EDITOR to the one you use.",
        ) from error
    return time.monotonic() - began


@contextmanager
def interrupts_left_to_it() -> Iterator[None]:
    """Let Ctrl+C reach only the program that has the terminal.

    A handler, unlike SIG_IGN, is not passed on to it.
    """
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
