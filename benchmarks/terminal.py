"""A program in a pseudo-terminal: what it shows, and what it costs."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte


class Terminal:
    """Run ``argv`` in a pseudo-terminal of 80x24 and follow what is on its screen.

    Used as a context manager; leaving it kills the program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self.received = 0  # bytes
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            surroundings = {**os.environ, "TERM": "xterm-256color", **(env or {})}
            os.execvpe(argv[0], list(argv), surroundings)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    @property
    def text(self) -> str:
        """Return what is on the screen, one line per row."""
        return "\n".join(self._screen.display)

    def send(self, keys: str) -> None:
        """Type ``keys``."""
        os.write(self._fd, keys.encode())

    def read(self, timeout: float) -> bool:
        """Take in what was written within ``timeout`` seconds; say whether there was anything."""
        if not select.select([self._fd], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            return False
        self.received += len(data)
        self._stream.feed(data)
        return bool(data)

    def wait_for(self, text: str, timeout: float = 30.0) -> None:
        """Read until ``text`` is on the screen; raises TimeoutError with what is there instead."""
        deadline = time.monotonic() + timeout
        while text not in self.text:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{text!r} did not appear:\n{self.text}")
            self.read(min(left, 0.5))

    def settle(self, quiet: float = 2.0, timeout: float = 30.0) -> None:
        """Read until nothing was written for ``quiet`` seconds or ``timeout`` has passed."""
        deadline = time.monotonic() + timeout
        while self.read(quiet) and time.monotonic() < deadline:
            pass
