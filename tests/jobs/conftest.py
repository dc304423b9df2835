"""Nothing that a test of jobs starts outlives it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


@pytest.fixture(autouse=True)
def no_leftovers(home: Path) -> Iterator[None]:
    """Kill whatever still carries this test's state directory in its environment."""
    yield
    mark = str(home / "termai" / "state")
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("TERMAI_STATE_DIR") == mark
            if ours and process.pid != os.getpid():
                process.send_signal(signal.SIGKILL)
        except psutil.Error:
            continue
