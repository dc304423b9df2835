"""pip, which may belong to another Python than the one on PATH, and uv."""

import re
from collections.abc import Iterator
from pathlib import Path

from termai.environment import interpreters, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.interpreters import Told
from termai.environment.program import LATE, Program
from termai.environment.program import look as look_for
from termai.environment.shells import short

_LONGEST_LINE = 512

_UV = Program(
    "uv",
    ("uv",),
    "Installs Python programs and Pythons.",
    "pip and venv do the same more slowly.",
)


def uv() -> Iterator[Finding]:
    """Look for uv, which nothing here needs."""
    yield look_for(_UV)


def look(python: str, told: Told | None) -> Finding:
    """Report pip, and whether it installs for the Python that ``python3`` starts.

    ``python`` is its path and ``told`` what it tells; pip starts slowly and is asked itself only
    where no Python tells its version.
    """
    path = programs.find("pip", "pip3")
    if path:
        if told and told.pip and Path(path).parent == Path(python).parent:
            return _installs_for(path, told, told.pip, told.version)
        return _at(path, told)
    if told and told.pip:
        sentence = "Is started by python3 -m pip."
        return Finding("pip", Verdict.OK, sentence, path=python, version=told.pip)
    instead = "uv does the same" if programs.find("uv") else "virtual environments bring their own"
    return Finding("pip", Verdict.NOT_NEEDED, f"Not found; {instead}.")


def _at(path: str, told: Told | None) -> Finding:
    mine = interpreters.ask(interpreter) if (interpreter := _interpreter(path)) else None
    if mine and mine.pip:
        return _installs_for(path, told, mine.pip, mine.version)
    answer = programs.ask(path, "--version")
    version = programs.first_number(answer.text)
    if answer.failure or not version:
        what = answer.failure or "does not say its version"
        return Finding(
            "pip",
            Verdict.WARNING,
            f"It is there and {what}.",
            f"Remove {short(Path(path))}, and use python3 -m pip.",
            path,
            cause=LATE if answer.late else "Often the Python for which it was installed is gone.",
        )
    for_python = re.search(r"\(python (\d+\.\d+)\)", answer.text)
    return _installs_for(path, told, version, for_python[1] if for_python else "")


def _installs_for(path: str, told: Told | None, version: str, python: str) -> Finding:
    """Compare the Python of a pip, which is empty when unknown, with the one on PATH."""
    if told and python and programs.numbers(python)[:2] != programs.numbers(told.version)[:2]:
        return Finding(
            "pip",
            Verdict.WARNING,
            f"Installs for Python {python}, while python3 is {told.version}.",
            "Use python3 -m pip, or a virtual environment.",
            path,
            version,
        )
    return Finding("pip", Verdict.OK, "Installs for python3.", path=path, version=version)


def _interpreter(script: str) -> str:
    """Return the Python that a script names in its first line, empty for what is no such script."""
    try:
        with Path(script).open("rb") as file:
            first = file.readline(_LONGEST_LINE).decode(errors="replace")
    except OSError:
        return ""
    named = re.fullmatch(r"#! *(/\S*/python[\d.]*)\s*", first)
    return named[1] if named else ""
