"""What the open program costs while nobody types: processor share and resident memory."""

import time
from collections.abc import Iterator

import psutil

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio
from benchmarks.startup import HELLO, TERMAI, output
from benchmarks.terminal import Terminal

SECONDS = 20.0
MODES = {"Chat": "\x1b[15~", "Servers": "\x1bOS", "Models": "\x1bOQ", "Environment": "\x1bOP"}


def run() -> Iterator[Ratio]:
    """Watch every mode's screen for a while, a server running behind it."""
    with temporary_home() as env:
        output(TERMAI, "start", "smoke", env=env)
        try:
            with Terminal(HELLO, env=env) as hello:
                hello.wait_for("hello, world")
                hello.settle()
                theirs = _resident(hello.pid)
            with Terminal((TERMAI,), env=env) as ours:
                ours.wait_for("F1")
                ours.settle(timeout=10)
                memory = _resident(ours.pid) / theirs
                yield Ratio("resident memory / hello-world Textual", memory, 1.8)
                for name, key in MODES.items():
                    ours.send(key)
                    ours.settle(timeout=5)
                    yield Ratio(f"idle processor share, {name}", _share(ours), 1.0, "%")
        finally:
            output(TERMAI, "stop", "--all", env=env)


def _resident(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss)


def _share(terminal: Terminal) -> float:
    """Return the program's processor time as per cent of one core over ``SECONDS``."""
    process = psutil.Process(terminal.pid)
    before = process.cpu_times()
    start = time.monotonic()
    while (left := SECONDS - (time.monotonic() - start)) > 0:
        terminal.read(min(left, 1.0))
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100 * used / (time.monotonic() - start)
