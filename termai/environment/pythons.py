"""Python: the one that runs termai, the one on PATH, its venv, pip and PEP 668, and uv."""

import json
import os
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from termai.environment import packages, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look
from termai.environment.remedy import Remedy
from termai.text import one_line

NEEDED = (3, 11)
"""What pyproject.toml says as ``requires-python``."""

_UV_SITE = "uv (https://docs.astral.sh/uv)"
_NEEDED_TEXT = ".".join(map(str, NEEDED))
_PIP_LIMIT_S = 4.0  # pip starts slowly
_QUESTION = """
import importlib.util, json, os, platform, sys, sysconfig
have = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({
    "version": platform.python_version(),
    "venv": sys.prefix != sys.base_prefix,
    "can_venv": have("venv") and have("ensurepip"),
    "pip": have("pip"),
    "managed": os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")),
}))
"""

_PYTHON = Program(
    "python3",
    ("python3",),
    "The Python that set-up uses.",
    "Needed to set termai up again and to build llama.cpp.",
    {"": "python3", "debian": "python3 python3-venv", "arch": "python", "macos": "python"},
)
_UV = Program(
    "uv",
    ("uv",),
    "Installs Python programs and Pythons.",
    "pip and venv do the same more slowly.",
)
_VENV_PACKAGES = {"debian": "python3-venv", "": "python3", "arch": "python", "macos": "python"}
_PIP_PACKAGES = {
    "": "python3-pip",
    "arch": "python-pip",
    "alpine": "py3-pip",
    "macos": "python",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a Python tells of itself.

    venv: it is inside a virtual environment. can_venv: it can make one with pip in it. pip: it
    can run ``-m pip``. managed: PEP 668 keeps pip out of its packages.
    """

    version: str
    venv: bool
    can_venv: bool
    pip: bool
    managed: bool


def ask(python: str) -> Told | None:
    """Ask a Python about itself, without the user's packages; None when it does not answer."""
    answer = programs.ask(python, "-I", "-c", _QUESTION)
    try:
        told = json.loads(answer.text) if not answer.failure else None
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    facts = (bool(told.get(key)) for key in ("venv", "can_venv", "pip", "managed"))
    return Told(one_line(str(told.get("version", "")), 20), *facts)


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
    if wrong:
        yield Finding(
            "Python variables",
            Verdict.WARNING,
            f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} set.",
            f"unset {' '.join(wrong)}",
            cause="Every Python then loads other packages than those it was installed with.",
        )


def on_path() -> Iterator[Finding]:
    """Report the Python on PATH, whether it makes virtual environments, and PEP 668."""
    found = look(_PYTHON)
    told = ask(found.path) if found.verdict is Verdict.OK else None
    if told is None:
        yield found
        return
    yield _old(found) if programs.numbers(told.version) < NEEDED else found
    yield _virtual(told)
    if told.managed and not told.venv:
        yield Finding(
            "PEP 668",
            Verdict.OK,
            "The system keeps pip out of its own packages: install into a virtual environment.",
            path=found.path,
        )
    else:
        why = "python3 is in a virtual environment" if told.venv else "it has no such mark"
        yield Finding("PEP 668", Verdict.NOT_NEEDED, f"pip may install for python3: {why}.")


def pip() -> Iterator[Finding]:
    """Report pip, and whether it installs for the Python that ``python3`` starts."""
    path, python = programs.find("pip", "pip3"), programs.find("python3")
    if path:
        yield _pip_at(path, python)
        return
    told = ask(python) if python else None
    if told and told.pip:
        yield Finding("pip", Verdict.OK, "Is started by python3 -m pip.", path=python)
        return
    instead = "uv does the same" if programs.find("uv") else "virtual environments bring their own"
    yield Finding("pip", Verdict.NOT_NEEDED, f"Not found; {instead}.")


def uv() -> Iterator[Finding]:
    """Look for uv, which nothing here needs."""
    yield look(_UV)


def _place() -> str:
    if (Path(sys.prefix) / "conda-meta").is_dir():
        return "in a conda environment"
    inside = sys.prefix != sys.base_prefix
    return "in a virtual environment" if inside else "without a virtual environment"


def _old(found: Finding) -> Finding:
    newer = {"fedora": "python3.12", "rhel": "python3.12", "macos": "python", "": ""}
    remedy = packages.install(newer, f"Install {_UV_SITE}, then: uv python install 3.12")
    if programs.find("uv"):
        remedy = Remedy.run("uv python install 3.12")
    return Finding(
        found.name,
        Verdict.WARNING,
        f"Too old to set termai up again, which needs {_NEEDED_TEXT} or later.",
        remedy.fix,
        found.path,
        found.version,
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


def _pip_at(path: str, python: str) -> Finding:
    answer = programs.ask(path, "--version", limit_s=_PIP_LIMIT_S)
    if answer.late:
        return Finding("pip", Verdict.OK, f"It is there and {answer.failure}.", path=path)
    version = programs.first_number(answer.text)
    if answer.failure or not version:
        what = answer.failure or "does not say its version"
        remedy = packages.install(_PIP_PACKAGES)
        return Finding(
            "pip",
            Verdict.WARNING,
            f"It is there and {what}.",
            remedy.fix,
            path,
            cause="Often the Python for which it was installed is gone.",
            command=remedy.command,
        )
    mine = re.search(r"\(python (\d+\.\d+)\)", answer.text)
    told = ask(python) if python else None
    if mine and told and programs.numbers(mine[1]) != programs.numbers(told.version)[:2]:
        return Finding(
            "pip",
            Verdict.WARNING,
            f"Installs for Python {mine[1]}, while python3 is {told.version}.",
            "Use python3 -m pip, or a virtual environment.",
            path,
            version,
        )
    return Finding("pip", Verdict.OK, "Installs for python3.", path=path, version=version)
