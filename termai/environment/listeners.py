"""Who listens on a TCP port: the kernel's tables, and the process that holds the socket.

Formats: /proc/net/tcp and tcp6 (Documentation/networking/proc_net_tcp.rst), links of
/proc/PID/fd such as ``socket:[4242]`` (proc(5)).
"""

import pwd
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from termai.environment.reading import ROOT, names, text
from termai.text import one_line

_LISTENS = "0A"  # TCP_LISTEN


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket; pid None, program and command empty where it belongs to others."""

    uid: int
    inode: int
    pid: int | None = None
    command: str = ""
    program: str = ""

    @property
    def words(self) -> str:
        """Return who it is for a sentence."""
        user = _user(self.uid)
        if self.pid is None:
            return f"A program of {user}"
        return f"{self.command or 'A program'} (process {self.pid} of {user})"


def of_port(port: int, root: Path = ROOT) -> Listener | None:
    """Return who listens on a port, on any address; None where it is not told (macOS)."""
    found = next(_sockets(port, root), None)
    if found is None:
        return None
    uid, inode = found
    pid = _holder(inode, root)
    if pid is None:
        return Listener(uid, inode)
    directory = root / "proc" / str(pid)
    program = ""
    with suppress(OSError):
        program = str((directory / "exe").readlink())
    return Listener(uid, inode, pid, one_line(text(directory / "comm", 64), 30), program)


def _sockets(port: int, root: Path) -> Iterator[tuple[int, int]]:
    """Yield user and inode of each socket that listens on a port."""
    for table in ("tcp", "tcp6"):
        for line in text(root / "proc/net" / table, 8 << 20).splitlines()[1:]:
            parts = line.split()
            if len(parts) < 10 or parts[3] != _LISTENS:
                continue
            _, _, number = parts[1].partition(":")
            if re.fullmatch("[0-9A-Fa-f]{4}", number) and int(number, 16) == port:
                with suppress(ValueError):
                    yield int(parts[7]), int(parts[9])


def _holder(inode: int, root: Path) -> int | None:
    """Return the process that holds a socket; of several the first, which the others come from."""
    wanted = f"socket:[{inode}]"
    pids = sorted(int(name) for name in names(root / "proc") if re.fullmatch(r"\d{1,9}", name))
    for pid in pids:
        directory = root / "proc" / str(pid) / "fd"
        for name in names(directory):
            with suppress(OSError):
                if str((directory / name).readlink()) == wanted:
                    return pid
    return None


def _user(uid: int) -> str:
    try:
        return one_line(pwd.getpwuid(uid).pw_name, 40)
    except KeyError:
        return f"user {uid}"
