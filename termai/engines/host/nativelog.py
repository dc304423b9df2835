"""llama.cpp's own messages: they go to the log, and errors are remembered."""

import ctypes
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import llama_cpp

_DEBUG, _INFO, _ERROR, _CONT = 1, 2, 4, 5  # enum ggml_log_level, ggml.h
_KEPT = 16


@dataclass(slots=True)
class _Log:
    level: int = _INFO
    debug: bool = True
    mute: bool = False
    errors: list[str] = field(default_factory=list)


_log = _Log()


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _write(level: int, text: bytes, _user: object) -> None:
    _log.level = _log.level if level == _CONT else level
    if _log.mute or (_log.level == _DEBUG and not _log.debug):
        return
    os.write(sys.stderr.fileno(), text)
    if _log.level == _ERROR and text.strip() and len(_log.errors) < _KEPT:
        _log.errors.append(text.decode("utf-8", "replace").strip())


def capture(*, debug: bool) -> None:
    """Take over from the handler that llama_cpp installs; ``debug`` says which layer is where."""
    _log.debug = debug
    _log.errors.clear()
    llama_cpp.llama_log_set(_write, ctypes.c_void_p(0))


@contextmanager
def muted() -> Iterator[None]:
    """Drop what is said meanwhile."""
    _log.mute = True
    try:
        yield
    finally:
        _log.mute = False


def cause() -> str:
    """Return the first error since ``capture``, from which the others follow, or nothing."""
    first = _log.errors[0] if _log.errors else ""
    return re.sub(r"^(\w+: )?(error loading model: )?(llama_model_loader: )?", "", first)
