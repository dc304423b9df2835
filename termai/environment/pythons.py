"""Python: the one that runs termai, and the one on PATH with its venv, pip and PEP 668."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from termai.environment import interpreters, packages, pips, programs, start_files
from termai.environment.finding import Finding, Verdict
from termai.environment.interpreters import Told
from termai.environment.program import Program, look, unanswered
from termai.environment.programs import Answer
from termai.environment.remedy import Remedy
from termai.environment.start_files import some

NEEDED = (3, 11)
"""What pyproject.toml says as ``requires-python``."""

_UV_SITE = "uv (https://docs.astral.sh/uv)"
_NEEDED_TEXT = ".".join(map(str, NEEDED))
_PYTHON = Program(
    "python3",
    ("python3",),
    "The Python that set-up uses.",
    "Needed to set termai up again and to build llama.cpp.",
    {"": "python3", "debian": "python3 python3-venv", "arch": "python", "macos": "python"},
)
_VENV_PACKAGES = {"debian": "python3-venv", "": "python3", "arch": "python", "macos": "python"}


def running() -> Iterator[Finding]:
    """Report the Python that runs termai, and variables that lead any Python astray."""
    yield Finding(
        "Python",
        Verdict.OK,
        f"Runs termai, {_place()}.",
        path=sys.executable,
        version=platform.python_version(),
    )
    wrong = [name for name in ("PYTHONHOME", "PYTHONPATH") if os.environ.get(name)]
    where = [place for name in wrong for place in start_files.assignments(name)]
    if wrong:
        yield Finding(
            "Python variables",
            Verdict.WARNING,
            f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} set.",
            f"unset {' '.join(wrong)}{f', and remove it from {some(where)}' if where else ''}",
            cause="Every Python then loads other packages than those it was installed with.",
        )


def on_path() -> Iterator[Finding]:
    """Report the Python on PATH, whether it makes virtual environments, PEP 668, and pip.

    Of one that hangs nothing else is asked: it would hang again.
    """
    python = programs.find("python3")
    usable = python and not programs.of_windows(python)
    answer = interpreters.asked(python) if usable else Answer("")
    told = interpreters.told_by(answer)
    if answer.late:
        yield unanswered(_PYTHON, python, answer)
        return
    if told is None:
        yield look(_PYTHON)
    else:
        yield _good_or_old(python, told)
        yield _virtual(told)
        yield _managed(python, told)
    yield pips.look(python, told)


def _place() -> str:
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "in a conda environment"
    inside = sys.prefix != sys.base_prefix
    return "in a virtual environment" if inside else "without a virtual environment"


def _good_or_old(path: str, told: Told) -> Finding:
    found = Finding(_PYTHON.name, Verdict.OK, _PYTHON.there, path=path, version=told.version)
    if programs.numbers(told.version) >= NEEDED:
        return found
    newer = {"fedora": "python3.12", "rhel": "python3.12", "macos": "python", "": ""}
    remedy = packages.install(newer, f"Install {_UV_SITE}, then: uv python install 3.12")
    if programs.find("uv"):
        remedy = Remedy.run("uv python install 3.12")
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence=f"Too old to set termai up again, which needs {_NEEDED_TEXT} or later.",
        fix=remedy.fix,
        command=remedy.command,
    )


def _virtual(told: Told) -> Finding:
    if told.can_venv:
        return Finding("venv", Verdict.OK, "python3 makes virtual environments.")
    cause = "Debian and Ubuntu keep ensurepip in a package of its own."
    remedy = packages.install(_VENV_PACKAGES)
    return Finding(
        "venv",
        Verdict.WARNING,
        "python3 cannot make virtual environments: it lacks venv or ensurepip.",
        remedy.fix,
        cause=cause if packages.family() == "debian" else "",
        command=remedy.command,
    )


def _managed(path: str, told: Told) -> Finding:
    if told.managed and not told.venv:
        sentence = "The system keeps pip out of its packages: install into a virtual environment."
        return Finding("PEP 668", Verdict.OK, sentence, path=path)
    why = "python3 is in a virtual environment" if told.venv else "it has no such mark"
    return Finding("PEP 668", Verdict.NOT_NEEDED, f"pip may install for python3: {why}.")
