"""What this login may have: locked memory, open files, processes, addresses, processor time."""

import math
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, number, text
from termai.environment.units import size
from termai.hardware import cgroup, limits

Asked = Callable[[int], tuple[int, int]]
"""Returns the soft and the hard limit of a resource, as ``resource.getrlimit`` does."""

_FILES = 1024
_TASKS = 256  # threads and processes that should be left: a server takes some dozens


def memory_lock(bytes_allowed: Callable[[], int | None] | None = None) -> Iterator[Finding]:
    """Yield how much memory may be locked, which ``mlock`` of a profile needs."""
    most = (bytes_allowed or (lambda: limits.read().memlock))()
    if most is None:
        yield Finding("Memory lock", Verdict.OK, "Models may be locked in memory (mlock).")
        return
    yield Finding(
        "Memory lock",
        Verdict.NOT_NEEDED,
        f"At most {size(most)} may be locked by mlock, which is off by default in profiles.",
        f"For more: {_for_good('memlock', 'unlimited', '-1')}.",
    )


def open_files(ask: Asked = resource.getrlimit) -> Iterator[Finding]:
    """Yield how many files and connections a program may have open."""
    soft, hard = ask(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= _FILES:
        most = "any number of" if soft == resource.RLIM_INFINITY else f"{soft}"
        yield Finding("Open files", Verdict.OK, f"A program may open {most} files.")
        return
    raises = os.geteuid() == 0 and not place.container()
    higher = hard == resource.RLIM_INFINITY or hard >= _FILES or raises
    command = f"ulimit -n {_FILES}"
    yield Finding(
        "Open files",
        Verdict.WARNING,
        f"A program may open {soft} files only: servers with many clients fail.",
        f"{command} before termai is started"
        if higher
        else _for_good("nofile", f"{4 * _FILES}", f"{4 * _FILES}"),
    )


def _for_good(item: str, value: str, of_docker: str) -> str:
    """Return how a limit is raised for good; a ``*`` in that file would leave out root."""
    if place.container():
        return f"Start the container anew with `--ulimit {item}={of_docker}` (Docker, Podman)"
    line = f"{place.user()} - {item} {value}"
    return f"`{line}` in /etc/security/limits.conf, then log in again"


def tasks(root: Path = ROOT) -> Iterator[Finding]:
    """Yield whether few threads are left of those that the control groups allow."""
    left = _tasks_left(root)
    if left is not None and left < _TASKS:
        yield Finding(
            "Threads",
            Verdict.WARNING,
            f"Only {left} more threads may be started here.",
            "Raise the limit: `--pids-limit` of Docker, TasksMax= of systemd.",
            cause="The control group allows no more (pids.max).",
        )


def addresses(ask: Asked = resource.getrlimit) -> Iterator[Finding]:
    """Yield what stands in the way of large models and files: limits that are mostly not set."""
    space, _ = ask(resource.RLIMIT_AS)
    if space != resource.RLIM_INFINITY:
        yield Finding(
            "Address space",
            Verdict.PROBLEM,
            f"A program may have {size(space)} of addresses: CUDA and larger models fail.",
            "`ulimit -v unlimited` before termai is started",
        )
    largest, _ = ask(resource.RLIMIT_FSIZE)
    if largest != resource.RLIM_INFINITY:
        yield Finding(
            "File size",
            Verdict.PROBLEM,
            f"A program may write files of {size(largest)} only: downloads of models end there.",
            "`ulimit -f unlimited` before termai is started",
        )


def processors(root: Path = ROOT) -> Iterator[Finding]:
    """Yield how much of the processors is granted, where it is less than all of them."""
    online = _online(root)
    granted = cgroup.processors(root / "proc/self/cgroup", root / "sys/fs/cgroup")
    if not online or granted is None or math.ceil(granted) >= online:
        return
    who = "this container" if place.container(root) else "this login"
    yield Finding(
        "Processor time",
        Verdict.OK,
        f"Of {online} processors {who} may use {granted:g} (cpu.max); "
        "threads of a profile are best set to no more.",
    )


def _online(root: Path) -> int:
    """Return how many processors are online: a list of ranges such as ``0-3,8-11``."""
    count = 0
    for part in text(root / "sys/devices/system/cpu/online", 1024).split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            count += int((last or first)[:6]) - int(first[:6]) + 1
    return count


def _tasks_left(root: Path) -> int | None:
    """Return what the limits of this process's groups and those above leave (pids.max)."""
    left: list[int] = []
    for line in text(root / "proc/self/cgroup", 4096).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers in ("", "pids"):
            base = root / "sys/fs/cgroup" / controllers
            left += _left(base, path.strip("/"))
    return min(left, default=None)


def _left(base: Path, path: str) -> list[int]:
    """Return what each group from ``base`` down to ``path`` leaves, of those with a limit."""
    parts = [] if ".." in path.split("/") else path.split("/")
    groups = [base.joinpath(*parts[:count]) for count in range(len(parts) + 1)]
    told = ((number(group / "pids.max"), number(group / "pids.current")) for group in groups)
    return [max(0, most - now) for most, now in told if most is not None and now is not None]
