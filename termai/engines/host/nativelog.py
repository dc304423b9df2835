"""llama.cpp's own messages: they go to the log, and errors are remembered."""

import ctypes
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import llama_cpp

_INFO, _ERROR, _DEBUG, _CONT = 1, 3, 4, 5
_CAUSE = "error loading model: "


@dataclass(slots=True)
class _Log:
    level: int = _INFO
    debug: bool = True
    mute: bool = False
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=16))


_log = _Log()


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _write(level: int, text: bytes, _user: object) -> None:
    _log.level = _log.level if level == _CONT else level
    if _log.mute or (_log.level == _DEBUG and not _log.debug):
        return
    os.write(sys.stderr.fileno(), text)
    if _log.level == _ERROR and text.strip():
        _log.errors.append(text.decode("utf-8", "replace").strip())


def capture(*, debug: bool) -> None:
    """Take over from the handler that llama_cpp installs; ``debug`` says which layer is where."""
    _log.debug = debug
    llama_cpp.llama_log_set(_write, ctypes.c_void_p(0))


@contextmanager
def muted() -> Iterator[None]:
    """Drop what is said meanwhile."""
    _log.mute = True
    try:
        yield
    finally:
        _log.mute = False


def last_cause() -> str:
    """Return the cause that llama.cpp named last, else its first error, else nothing."""
    named = [line.partition(_CAUSE)[2] for line in _log.errors if _CAUSE in line]
    return (named or list(_log.errors)[:1] or [""])[-1]
