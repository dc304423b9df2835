"""Start-up: the quick commands against bare Python, the program against hello-world Textual."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio, ratio_of_medians, seconds
from benchmarks.terminal import Terminal

TERMAI = str(Path(sys.executable).parent / "termai")
HELLO = (sys.executable, "-m", "benchmarks.hello")


def output(*argv: str, env: dict[str, str]) -> str:
    """Run a command that must succeed and return what it printed."""
    return subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout


def run() -> Iterator[Ratio]:
    """Measure with a server's worth of state on disk."""
    with temporary_home() as env:
        output(TERMAI, "start", "smoke", env=env)
        try:
            for arguments in (["--version"], ["ps"], ["ps", "--json"], ["logs", "smoke"]):
                yield _command(arguments, env)
            yield _first_paint(env)
        finally:
            output(TERMAI, "stop", "--all", env=env)


def _command(arguments: list[str], env: dict[str, str]) -> Ratio:
    value, note = ratio_of_medians(
        lambda: _process([TERMAI, *arguments], env),
        lambda: _process([sys.executable, "-c", "pass"], env),
        rounds=21,
    )
    return Ratio(f"termai {' '.join(arguments)} / python -c pass", value, 3.0, note=note)


def _process(argv: list[str], env: dict[str, str]) -> float:
    return seconds(lambda: subprocess.run(argv, env=env, capture_output=True, check=True))


def _first_paint(env: dict[str, str]) -> Ratio:
    value, note = ratio_of_medians(
        lambda: paint((TERMAI,), "F1", env), lambda: paint(HELLO, "hello, world", env), rounds=11
    )
    return Ratio("first paint / hello-world Textual", value, 1.6, note=note)


def paint(argv: tuple[str, ...], text: str, env: dict[str, str]) -> float:
    """Return the seconds until ``text`` is on the screen of ``argv``."""

    def until_shown() -> None:
        with Terminal(argv, env=env) as terminal:
            terminal.wait_for(text)

    return seconds(until_shown)
