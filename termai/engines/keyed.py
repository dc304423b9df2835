"""A command line that hands a program the first key of a file as an environment variable.

The shell reads the file as the program starts and is replaced by it, so that the key is in no
command line, record or log, and an exported command needs nothing of termai.
"""

from collections.abc import Sequence
from pathlib import Path

_SCRIPT = (
    'first=$(sed -n "/^[^#[:space:]]/{p;q;}" "$2") && [ -n "$first" ] || '
    '{ echo "error: the key file $2 holds no key." >&2; exit 2; }; '
    'export "$1=$first"; shift 2; exec "$@"'
)


def command(name: str, keys: Path, argv: Sequence[str]) -> tuple[str, ...]:
    """Return what runs ``argv`` with the variable ``name``; the file is as ``access.read_keys``."""
    return ("/bin/sh", "-c", _SCRIPT, "keyed", name, str(keys), *argv)
