"""A real tmux with a server of its own: keys in, screen out."""

import os
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support import wait_until


def require_tmux() -> None:
    """Skip the test where tmux is missing; in CI its absence is a failure."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing; .ci/run installs it")
        pytest.skip("tmux is not installed")


class Tmux:
    """One tmux server with one window of 80x24 that runs ``argv``.

    Used as a context manager; leaving it kills the tmux server, which hangs up the program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        columns: int = 80,
        rows: int = 24,
        term: str = "screen-256color",
    ) -> None:
        require_tmux()
        self._socket = f"termai-test-{uuid.uuid4().hex[:12]}"
        exports = " ".join(f"{k}={shlex.quote(v)}" for k, v in env.items())
        clean = "env -u COLUMNS -u LINES"  # which Textual takes for the size, whatever the window
        command = f"cd {shlex.quote(str(cwd))} && exec {clean} {exports} {shlex.join(argv)}"
        self._run("-f", "/dev/null", "start-server", ";", "set", "-g", "default-terminal", term,
                  ";", "set", "-g", "escape-time", "0", ";", "new-session", "-d", "-x",
                  str(columns), "-y", str(rows), command)  # fmt: skip
        self._run("set", "-g", "remain-on-exit", "on")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run("kill-server", check=False)

    @property
    def screen(self) -> str:
        """Return what is on the screen."""
        return self._run("capture-pane", "-p")

    @property
    def pid(self) -> int:
        """Return the process id of the program in the window."""
        return int(self._run("display-message", "-p", "#{pane_pid}"))

    def type(self, text: str) -> None:
        """Type ``text`` as it is."""
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: Enter, Escape, F5, C-r."""
        self._run("send-keys", *keys)

    def wait_for(self, *texts: str, timeout: float = 30.0) -> str:
        """Return the screen once every text is on it; fail with what is there instead."""
        seen = ""

        def shown() -> bool:
            nonlocal seen
            seen = self.screen
            return all(text in seen for text in texts)

        try:
            wait_until(shown, timeout=timeout)
        except AssertionError as error:
            raise AssertionError(f"{texts} not within {timeout} s; the screen:\n{seen}") from error
        return seen

    def _run(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments], capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise AssertionError(f"tmux {arguments}: {done.stderr}")
        return done.stdout
