"""What a Python tells of itself when it is asked."""

import json
from dataclasses import dataclass

from termai.environment import programs
from termai.environment.programs import Answer
from termai.text import one_line

_QUESTION = """
import importlib.util, json, os, platform, sys, sysconfig
have = lambda name: importlib.util.find_spec(name) is not None
def version(name):
    try:
        import importlib.metadata
        return importlib.metadata.version(name)
    except Exception:
        return "0" if have(name) else ""
print(json.dumps({
    "version": platform.python_version(),
    "venv": sys.prefix != sys.base_prefix,
    "can_venv": have("venv") and have("ensurepip"),
    "pip": version("pip"),
    "managed": os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")),
}))
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a Python tells of itself.

    venv: it is inside a virtual environment. can_venv: it can make one with pip in it. pip: the
    version of its pip, 0 when unknown, empty without one. managed: PEP 668 keeps pip out of its
    packages.
    """

    version: str
    venv: bool
    can_venv: bool
    pip: str
    managed: bool


def ask(python: str) -> Told | None:
    """Ask a Python about itself, without the user's packages; None when it does not answer."""
    return told_by(asked(python))


def asked(python: str) -> Answer:
    """Return what a Python prints when it is asked about itself, for ``told_by``."""
    return programs.ask(python, "-I", "-c", _QUESTION)


def told_by(answer: Answer) -> Told | None:
    """Return what an answer tells, None for what is none."""
    try:
        told = json.loads(answer.text) if not answer.failure else None
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    version, pip = (one_line(str(told.get(key, "")), 20) for key in ("version", "pip"))
    venv, can_venv, managed = (bool(told.get(key)) for key in ("venv", "can_venv", "managed"))
    return Told(version, venv, can_venv, pip, managed)
