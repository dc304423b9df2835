"""Other programs of the same user, as fresh interpreters."""

import json
import subprocess
import sys
from typing import Any

_PREAMBLE = """
import json, os, signal, sys
from pathlib import Path
from termai.errors import TermaiError
from termai.profiles.profile import Profile
from termai.servers import manager, registry
given = json.loads(sys.argv[1])
def profile():
    return Profile(name=given["name"], engine=given["engine"]).with_values(**given["values"])
def say(value):
    print(json.dumps(value), flush=True)
"""


def begin(body: str, **given: Any) -> subprocess.Popen[str]:
    """Start a fresh interpreter that runs ``body``; it reads ``given`` and answers with ``say``."""
    return subprocess.Popen(
        [sys.executable, "-c", _PREAMBLE + body, json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ask(body: str, **given: Any) -> Any:
    """Run ``body`` in a fresh interpreter to its end and return what it said."""
    return answer(begin(body, **given))


def answer(program: subprocess.Popen[str]) -> Any:
    """Wait for a program to end and return what it said."""
    out, error = program.communicate(timeout=60)
    assert program.returncode == 0, error
    return json.loads(out)
