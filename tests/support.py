"""What several tests need: waiting for a condition, free ports, the native programs."""

import pwd
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, timeout: float = 30.0, what: str = "") -> T:
    """Return the first truthy value of ``condition``; fail after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        time.sleep(0.02)


def free_port() -> int:
    """Return a TCP port that nothing on 127.0.0.1 listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this an account that has neither HOME nor an entry in the table of users."""

    def unknown(_: object) -> None:
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def native_bin(name: str) -> Path:
    """Return the path of a native llama.cpp program beside the Python package."""
    import importlib.util

    found = importlib.util.find_spec("llama_cpp")
    origin = found.origin if found else None
    assert origin, "llama-cpp-python is not installed; run `make test`"
    path = Path(origin).parent.parent / "bin" / name
    assert path.is_file(), f"{name} is not beside llama_cpp; run `make test`, which builds it"
    return path
