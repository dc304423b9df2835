"""The wheel of llama-cpp-python with llama.cpp's native programs, built once per machine."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from termai.engines.recipe import Recipe
from termai.engines.wheels import cache_dir

_STEP = re.compile(r"\[(\d+)/(\d+)\]")


class NativeBuildError(Exception):
    """llama.cpp did not build; the message says where the log is and how it ends."""


def cached_wheel(recipe: Recipe, python: Path) -> Path:
    """Return the wheel for ``recipe``, building it with ``python``'s pip when it is not there.

    Raises NativeBuildError. A build that is cut off leaves nothing that looks like a wheel.
    """
    home = cache_dir() / recipe.key
    for wheel in home.glob("*.whl"):
        return wheel
    home.mkdir(parents=True, exist_ok=True)
    print("llama.cpp: compiling its native programs, once: about five minutes on two cores")
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        built = _build(recipe, python, Path(scratch), home / "build.log")
        wheel = home / built.name
        built.replace(wheel)
    return wheel


def _build(recipe: Recipe, python: Path, into: Path, log: Path) -> Path:
    environment = os.environ | recipe.environment
    with subprocess.Popen(
        recipe.argv(python, into),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        tail = _follow(process.stdout or (), log)
    wheels = list(into.glob("*.whl"))
    if process.returncode or not wheels:
        raise NativeBuildError(_failure(tail, log))
    return wheels[0]


def _follow(lines: Iterable[str], log: Path) -> deque[str]:
    """Copy the build's output to ``log``, show its progress, and return its last lines."""
    tail: deque[str] = deque(maxlen=400)
    shown = -1
    live = sys.stderr.isatty()
    with log.open("w") as copy:
        for line in lines:
            copy.write(line)
            tail.append(line.rstrip())
            if step := _STEP.search(line):
                percent = 100 * int(step[1]) // max(int(step[2]), 1)
                if percent != shown and (live or percent % 10 == 0):
                    _show(percent, live=live)
                    shown = percent
    if live and shown >= 0:
        print(file=sys.stderr)
    return tail


def _show(percent: int, *, live: bool) -> None:
    if live:
        width = min(shutil.get_terminal_size().columns - 22, 50)
        bar = ("#" * (width * percent // 100)).ljust(max(width, 0), ".")
        print(f"\rllama.cpp: [{bar}] {percent:3d} %", end="", file=sys.stderr, flush=True)
    else:
        print(f"llama.cpp: {percent} %", file=sys.stderr, flush=True)


def _failure(tail: Iterable[str], log: Path) -> str:
    lines = [line for line in tail if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    shown = "\n".join((errors or lines)[-6:])
    return (
        f"{shown}\nmake: llama.cpp did not compile; the whole log is {log}. "
        "With TERMAI_GPU=none it is built for the CPU only."
    )
