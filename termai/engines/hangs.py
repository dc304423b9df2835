"""Programs that gave no answer, remembered on disk so that not everybody waits for them again.

A hang is remembered of one file, as it is, and one question, until the machine is started again. It
answers only who would wait no longer than was waited then: a start has more patience than a check.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from termai.errors import StorageError
from termai.files import write_atomic
from termai.jobs.processes import boot_id
from termai.paths import state_dir

AGAIN = "`termai engines list --again` asks it again"
_SUFFIX = ".hang"


def remember(program: Path, question: Sequence[str], waited_s: float) -> None:
    """Remember that a program gave no answer within ``waited_s`` seconds, where the disk lets."""
    with suppress(StorageError, OSError):
        told = {"program": str(program), "waited_s": waited_s, "boot": boot_id()}
        write_atomic(_path(program, question), json.dumps(told))


def waited_s(program: Path, question: Sequence[str]) -> float:
    """Return the seconds for which an answer was waited for in vain, 0 where nothing is known."""
    try:
        told = json.loads(_path(program, question).read_text())
        return float(told["waited_s"]) if told["boot"] == boot_id() else 0.0
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def forget() -> None:
    """Forget every hang, so that each program is asked again."""
    with suppress(OSError):
        for path in _directory().glob(f"*{_SUFFIX}"):
            path.unlink(missing_ok=True)


def _path(program: Path, question: Sequence[str]) -> Path:
    facts = program.stat()
    key = "\0".join((str(program), str(facts.st_size), str(facts.st_mtime_ns), *question))
    return _directory() / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}{_SUFFIX}"


def _directory() -> Path:
    return state_dir() / "probes"
