"""The real command in processes of its own, and nothing of it left behind."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.jobs.conftest import no_leftovers
from tests.support import free_port

ROOT = Path(__file__).parents[2]
TERMAI = (sys.executable, "-m", "termai")

Termai = Callable[..., "subprocess.CompletedProcess[str]"]

__all__ = ["no_leftovers"]


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with ``changes``, plain and importable from anywhere."""
    plain = {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "NO_COLOR": ""}
    return {**os.environ, **plain, **changes}


@pytest.fixture
def termai() -> Termai:
    """Return a function that runs ``termai`` with arguments, as a script would."""

    def run(
        *arguments: str, stdin: str | None = None, **changes: str
    ) -> "subprocess.CompletedProcess[str]":
        given = {"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}
        return subprocess.run(
            [*TERMAI, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(**changes),
            cwd=os.environ["HOME"],
            check=False,
            **given,
        )

    return run


@pytest.fixture
def smoke(termai: Termai) -> Iterator[str]:
    """Start the smoke model's server and return its URL."""
    port = free_port()
    done = termai("start", "smoke", "--set", f"port={port}", "--set", "port_strict=on")
    assert done.returncode == 0, done.stderr
    yield f"http://127.0.0.1:{port}"
    termai("stop", "--all")
