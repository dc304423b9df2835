"""What a server's log has said so far: folded event by event, kept beside the log.

Nothing here reads more of a log than a bounded part of it: what was loaded where stands at the
start, what happens now at the end. Imported by `termai ps`, so it stays light.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from termai.errors import TermaiError
from termai.jobs.log import read_new
from termai.jobs.records import Job
from termai.servers.events import parse
from termai.servers.folding import Buffer, Facts, Stage, Timing, fold

FACTS_FILE = "facts.json"
SCHEMA = 1
READ_LIMIT = 1 << 20  # bytes of unread log that are read in full
HEAD = 256 << 10  # of more, the first part is read
TAIL = 256 << 10  # and the last
STORE_AFTER = 32 << 10  # bytes read that are worth storing


class Snapshot(NamedTuple):
    """The facts up to a byte offset of the log, and why the server failed once it has."""

    facts: Facts = Facts()
    offset: int = 0
    problem: str | None = None


def fold_line(facts: Facts, line: str) -> Facts:
    """Return the facts with what one line of the log adds to them."""
    event = parse(line)
    return fold(facts, event) if event else facts


def refresh(job: Job) -> Facts:
    """Read what was added to the job's log since the last time, and return what is known."""
    return snapshot(job).facts


def snapshot(job: Job) -> Snapshot:
    """Read on from where the stored facts end; stores them when that saves reading again."""
    known = load(job.directory)
    facts, offset = _read(job.log_path, known.facts, known.offset)
    now = known._replace(facts=facts, offset=offset)
    if offset - known.offset > STORE_AFTER:
        store(job.directory, now)
    return now


def load(directory: Path) -> Snapshot:
    """Return the stored facts, or none where the file is missing, broken or of another version."""
    try:
        data = json.loads((directory / FACTS_FILE).read_bytes())
        return _decoded(data) if data["schema"] == SCHEMA else Snapshot()
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Snapshot()


def store(directory: Path, known: Snapshot) -> None:
    """Keep facts beside the log; where they cannot be written they are read again next time."""
    from termai.files import write_atomic

    text = json.dumps({"schema": SCHEMA, **known._asdict(), "facts": known.facts._asdict()})
    try:
        if directory.is_dir():
            write_atomic(directory / FACTS_FILE, text)
    except TermaiError:
        return


def _read(path: Path, facts: Facts, offset: int) -> tuple[Facts, int]:
    """Fold the log from ``offset``; of much unread log only the first and the last part."""
    size = _size(path)
    offset = min(offset, size)
    if size - offset <= READ_LIMIT:
        return _read_part(path, facts, offset, size)
    if offset < HEAD:
        facts, _ = _read_part(path, facts, offset, HEAD)
    return _read_part(path, facts, _line_start(path, size - TAIL), size)


def _read_part(path: Path, facts: Facts, offset: int, end: int) -> tuple[Facts, int]:
    """Fold the whole lines between two offsets; returns where the first unread line begins."""
    while offset < end:
        data, after = read_new(path, offset, end - offset)
        if not data:
            break
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].decode("utf-8", "replace").split("\n"):
            facts = fold_line(facts, _plain(line))
        offset = after
        if after >= end:
            return _progressed(facts, data[whole:]), after - (len(data) - whole)
    return facts, offset


def _progressed(facts: Facts, unfinished: bytes) -> Facts:
    """Fold a last line that is still being written when it is one of progress."""
    return facts if unfinished.strip(b".") else fold_line(facts, unfinished.decode())


def _line_start(path: Path, offset: int) -> int:
    data, after = read_new(path, offset, 1 << 16)
    return after - len(data) + data.find(b"\n") + 1


def _plain(line: str) -> str:
    if line.isprintable():
        return line
    from termai.text import printable

    return printable(line)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _decoded(data: dict[str, Any]) -> Snapshot:
    """Return what ``store`` wrote; raises TypeError, ValueError or KeyError where it did not."""
    facts = {key: _field(key, default, data["facts"][key]) for key, default in _PLAIN.items()}
    problem = data["problem"]
    return Snapshot(Facts(**facts), int(data["offset"]), problem and str(problem))


def _field(key: str, default: Any, value: Any) -> Any:
    if key in _DECODERS:
        return _DECODERS[key](value)
    if type(value) is not type(default):
        raise TypeError(f"{key}: expected {type(default).__name__}, found {value!r}")
    return value


def _pairs(value: Any) -> tuple[tuple[str, int], ...]:
    return tuple((str(device), int(number)) for device, number in value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError("expected a list")
    return tuple(map(str, value))


_PLAIN = Facts()._asdict()
_DECODERS: dict[str, Callable[[Any], Any]] = {
    "stage": Stage,
    "progress": lambda value: None if value is None else float(value),
    "gpus": _pairs,
    "assigned": _pairs,
    "buffers": lambda value: tuple(Buffer(str(b[0]), str(b[1]), float(b[2]), b[3]) for b in value),
    "prompt": lambda value: (int(value[0]), float(value[1])),
    "last": lambda value: None if value is None else Timing(*value),
    "errors": _texts,
}
