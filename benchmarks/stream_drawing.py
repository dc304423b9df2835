"""What drawing a fast reply costs: 1,000 tokens per second into the real program."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import psutil

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio
from benchmarks.startup import TERMAI
from benchmarks.terminal import Terminal
from termai.jobs import control
from tests.fakes import talking_server

PER_SECOND = 1000.0
SECONDS = 20.0
THIRD_OF_A_CORE = 100 / 3
END = "the very end"
_PARAGRAPH = (
    "A reply has **bold** words, `code`, and sentences that go on for a while, as people expect "
    "of a model that explains something at length and does not hurry to an end.\n\n"
)
_LIST = "".join(f"{n}. step number {n} with *some* words about what to do\n" for n in range(1, 31))
_CODE = "```python\n" + "".join(f"value_{n} = compute({n}, 'text')\n" for n in range(60)) + "```\n"
_TABLE = "| key | value |\n|---|---|\n" + "".join(f"| row {n} | {n * n} |\n" for n in range(30))
KINDS = {
    "mixed": _PARAGRAPH * 4 + _LIST + "\n" + _CODE + "\n" + _TABLE + "\n",
    "code": "```python\n" + "for item in things: item.do(1, 2)\n" * 4000,
    "list": "- an item of a list without an end, with `code`\n" * 4000,
}


def run() -> Iterator[Ratio]:
    """Let a server on loopback talk, and watch the program's processor time and its lag."""
    for kind, text in KINDS.items():
        share, lag, drawn = _measure(text)
        note = f"{drawn:.0f} KB written to the terminal per second"
        yield Ratio(f"processor share, {kind}", share, THIRD_OF_A_CORE, "%", note)
        yield Ratio(f"behind the stream at its end, {kind}", lag, 1.0, " s")


def _measure(kind: str) -> tuple[float, float, float]:
    tokens = int(PER_SECOND * SECONDS)
    repeated = kind * (tokens * 4 // len(kind) + 1)
    text = "".join(talking_server.pieces(repeated)[:tokens]) + f"\n```\n\n{END}"
    with temporary_home() as env, tempfile.TemporaryDirectory() as directory:
        with patch.dict(os.environ, env):
            job = talking_server.launch(text, Path(directory), per_second=PER_SECOND)
        try:
            with Terminal((TERMAI,), env=env) as terminal:
                terminal.wait_for("Enter sends")
                terminal.settle(timeout=5)
                terminal.send("go\r")
                return _watch(terminal)
        finally:
            with patch.dict(os.environ, env):
                control.stop(job, grace_s=1.0)


def _watch(terminal: Terminal) -> tuple[float, float, float]:
    """Return the share of one core in per cent, the lag in seconds and the KB/s written."""
    terminal.wait_for("t/s")
    process = psutil.Process(terminal.pid)
    before, start = _used(process), time.monotonic()
    while (now := time.monotonic()) - start < SECONDS - 2:
        terminal.read(0.2)
    share = 100 * (_used(process) - before) / (now - start)
    terminal.wait_for(END)
    lag = time.monotonic() - start - SECONDS
    return share, max(0.0, lag), terminal.received / 1024 / (time.monotonic() - start)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
