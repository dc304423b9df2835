"""Reading on in a server's log, never more of it than a bounded part."""

from pathlib import Path

from termai.jobs.log import read_new
from termai.servers.facts import Facts
from termai.servers.folding import fold_line
from termai.text import printable

READ_LIMIT = 512 << 10  # bytes of unread log that are read in full
HEAD = 256 << 10  # of more, the first part is read: what was loaded where
TAIL = 256 << 10  # and the last: what happens now


def read_on(path: Path, facts: Facts, offset: int, size: int) -> tuple[Facts, int]:
    """Fold a log of ``size`` bytes from ``offset``; returns the facts and where to read on.

    Of much unread log only the first and the last part are read.
    """
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
            facts = fold_line(facts, line if line.isprintable() else printable(line))
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
