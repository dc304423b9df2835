"""``python -m termai.engines.keyed NAME FILE PROGRAM ...``: run a program that wants a key.

The first key of FILE becomes the program's environment variable NAME as it starts, so that it is
in no command line, record or log. The program takes the place of this process.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from termai.engines.access import read_key
from termai.errors import TermaiError


def command(name: str, keys: Path, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line that runs ``argv`` with the first key of a file."""
    return (sys.executable, "-P", "-m", "termai.engines.keyed", name, str(keys), *argv)


def main(arguments: Sequence[str]) -> int:
    """Return a code of the shell's where the program does not run: 126, or 2 for the key."""
    name, keys, *argv = arguments
    try:
        environment = {**os.environ, name: read_key(Path(keys))}
    except TermaiError as error:
        return _failed(f"error: {error}", 2)
    try:
        os.execvpe(argv[0], argv, environment)
    except OSError as error:
        return _failed(f"termai: cannot be executed: {error.strerror}: {argv[0]}", 126)


def _failed(line: str, code: int) -> int:
    sys.stderr.write(f"{line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
