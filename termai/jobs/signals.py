"""Waiting for signals one at a time, without handlers that interrupt and without threads."""

import os
import select
import signal
from types import FrameType

SENT_TO_US = frozenset({signal.SIGTERM, signal.SIGCHLD})
_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE)


class BlockedSignals:
    """Signals kept pending and taken with sigtimedwait(2)."""

    def __init__(self) -> None:
        _ignore()
        for number in SENT_TO_US:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, SENT_TO_US)

    def wait(self, timeout_s: float) -> int | None:
        """Return the next signal, or None after ``timeout_s`` seconds."""
        found = signal.sigtimedwait(SENT_TO_US, max(0.0, timeout_s))
        return found.si_signo if found else None


class PipedSignals:
    """Signals written to a pipe by Python's handler, where sigtimedwait(2) is missing."""

    def __init__(self) -> None:
        _ignore()
        self._read, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in SENT_TO_US:
            signal.signal(number, _taken_from_the_pipe)

    def wait(self, timeout_s: float) -> int | None:
        """Return the next signal, or None after ``timeout_s`` seconds."""
        readable, _, _ = select.select([self._read], [], [], max(0.0, timeout_s))
        return os.read(self._read, 1)[0] if readable else None


Signals = BlockedSignals | PipedSignals


def signals() -> Signals:
    """Return the way of waiting that this system has, with signals caught from now on."""
    return BlockedSignals() if hasattr(signal, "sigtimedwait") else PipedSignals()


def restore() -> None:
    """Give every signal its default meaning and unblock it, as a child that execs expects."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_DFL)
        except OSError:
            continue  # the C library keeps some for itself
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _ignore() -> None:
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)


def _taken_from_the_pipe(number: int, frame: FrameType | None) -> None:
    return
