"""Running the command of a finding, which its user was asked about before."""

import os
import subprocess
import sys
from pathlib import Path


def run(command: str) -> int:
    """Run a command by /bin/sh on the terminal of this program; return its exit code.

    This very termai is at the end of PATH, for commands that name it. Raises OSError.
    """
    return subprocess.run(["/bin/sh", "-c", command], env=_environment(), check=False).returncode


def _environment() -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join((os.environ.get("PATH", os.defpath), here))}
