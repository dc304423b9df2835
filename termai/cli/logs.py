"""What a server says: the end of its log, and what follows."""

import json
import re
import sys
from collections.abc import Iterable

from termai.cli.style import out, out_json, warn
from termai.errors import UsageError
from termai.jobs import log, store
from termai.servers import registry
from termai.servers.records import Server

DEFAULT_LINES = 100
EVERYTHING = -1
_TAIL_BYTES = 256 << 20  # more than any log's limit that people set
_NUMBER = re.compile("[0-9]{1,9}")


def logs(name: str, *, lines: int = DEFAULT_LINES, follow: bool, as_json: bool) -> int:
    """Print the last ``lines`` lines of a server's log, EVERYTHING for all; returns the exit code.

    With ``follow`` prints what comes until the server ends. JSON is one object with name, path
    and lines, or while following one string per line.
    """
    server = registry.get(name)
    if follow:
        return _follow(server, lines, as_json=as_json)
    if as_json:
        path = str(server.job.log_path)
        out_json({"name": server.name, "path": path, "lines": list(_last(server, lines))})
        return 0
    for line in _last(server, lines):
        out(line)
    return 0


def parse_lines(text: str) -> int:
    """Return the number that ``-n`` means: digits, or ``all``; raises UsageError."""
    if text == "all":
        return EVERYTHING
    if not _NUMBER.fullmatch(text):
        raise UsageError(f"-n takes a number of lines or “all”, not “{text}”.")
    return int(text)


def _last(server: Server, lines: int) -> Iterable[str]:
    if lines == EVERYTHING:
        return log.read_lines(server.job.log_path)
    return log.tail(server.job.log_path, lines, _TAIL_BYTES)


def _follow(server: Server, lines: int, *, as_json: bool) -> int:
    path, job = server.job.log_path, server.job
    show = _show_json if as_json else out
    offset = 0
    if lines != EVERYTHING:
        last, offset = log.tail_to_follow(path, lines, _TAIL_BYTES)
        for line in last:
            show(line)
    sys.stdout.flush()
    for line in log.follow(path, offset, lambda: store.refresh(job).alive):
        show(line)
        sys.stdout.flush()
    if not as_json:
        warn(f"{server.name} has ended.")
    return 0


def _show_json(line: str) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
