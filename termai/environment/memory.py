"""Memory and swap as this process may have them, and whether the machine is short of them.

Formats: /proc/meminfo, /proc/vmstat (proc(5)), /proc/pressure/memory
(Documentation/accounting/psi.rst), memory.events (cgroup-v2.rst) of the Linux kernel.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, fields, number, text
from termai.environment.units import size
from termai.hardware import cgroup, host

_LITTLE = 1 << 30  # bytes: hardly a small model
_HELD_UP = 10.0  # percent of a minute in which something waited for memory


def memory(root: Path = ROOT) -> Iterator[Finding]:
    """Yield how much memory is free for models: the machine's, or the control group's if less."""
    total, free = _machine(root)
    if total is None or free is None:
        return
    limit = cgroup.memory(root / "proc/self/cgroup", root / "sys/fs/cgroup")
    if limit is not None and limit.free < free:
        who = "this container" if place.container(root) else "this login (its control group)"
        have = f"{size(limit.free)} of the {size(limit.total)} that {who} may have are free"
        sentence = f"{have}; the machine has {size(total)}."
        free = limit.free
    else:
        sentence = f"{size(free)} of {size(total)} are free."
    if free < _LITTLE:
        yield Finding(
            "Memory",
            Verdict.WARNING,
            f"{sentence} Hardly a model can be loaded.",
            "End programs that hold memory (`termai ps` lists the servers), or add memory.",
        )
    else:
        yield Finding("Memory", Verdict.OK, sentence)


def swap(root: Path = ROOT) -> Iterator[Finding]:
    """Yield how much swap there is and is in use; nothing where it is not told."""
    told = _kibibytes(root)
    total, free = told.get("SwapTotal"), told.get("SwapFree")
    if total is None or free is None:
        used_now, total = (None, None) if root != ROOT else host.swap()
        if total is None or used_now is None:
            return
        free = total - used_now
    if not total:
        yield Finding("Swap", Verdict.OK, "None: when memory runs out, a program is ended.")
        return
    used = total - free
    yield Finding("Swap", Verdict.OK, f"{size(used)} of {size(total)} are in use.")


def shortage(root: Path = ROOT) -> Iterator[Finding]:
    """Yield whether programs wait for memory now, and whether the kernel has ended some."""
    told = text(root / "proc/pressure/memory", 4096)
    waiting = re.search(r"^some .*avg60=(\d{1,3}\.\d{1,4})", told, re.MULTILINE)
    if waiting and float(waiting[1]) >= _HELD_UP:
        yield Finding(
            "Memory pressure",
            Verdict.WARNING,
            f"Programs waited for memory in {float(waiting[1]):.0f} % of the last minute.",
            "Stop a server, or lower its context or its layers on the CPU.",
            cause="More is in use than fits: pages are read from disk again and again.",
        )
    if ended := _ended(root):
        times = "once" if ended == 1 else f"{ended} times"
        yield Finding(
            "Out of memory",
            Verdict.WARNING,
            f"The kernel has ended a program {times} since the start, as memory ran out.",
            "Take a smaller model, quantization or context where a server was among them.",
        )


def overcommit(root: Path = ROOT) -> Iterator[Finding]:
    """Yield a warning where the kernel grants no more memory than there is (proc(5))."""
    if number(root / "proc/sys/vm/overcommit_memory") == 2:
        remedy = place.on_host("sysctl vm.overcommit_memory=0", root)
        yield Finding(
            "Memory overcommit",
            Verdict.WARNING,
            "It is forbidden (vm.overcommit_memory = 2): CUDA and large models may not start.",
            remedy.fix,
            command=remedy.command,
            cause="CUDA reserves far more addresses than it uses.",
        )


def _machine(root: Path) -> tuple[int | None, int | None]:
    """Return bytes in total and free for programs."""
    told = _kibibytes(root)
    if "MemTotal" in told and "MemAvailable" in told:
        return told["MemTotal"], told["MemAvailable"]
    if root != ROOT:
        return None, None
    used, total = host.memory()
    return (None, None) if used is None or total is None else (total, total - used)


def _kibibytes(root: Path) -> dict[str, int]:
    """Return the sizes of /proc/meminfo in bytes."""
    found: dict[str, int] = {}
    for key, value in fields(root / "proc/meminfo").items():
        amount, _, unit = value.partition(" ")
        if unit == "kB" and amount.isascii() and amount.isdecimal():
            found[key] = int(amount[:18]) << 10
    return found


def _ended(root: Path) -> int:
    """Return how many programs were ended: of this control group in a container, else of all."""
    if place.container(root):
        events = text(root / "sys/fs/cgroup/memory.events")
    else:
        events = text(root / "proc/vmstat")
    found = re.search(r"^oom_kill (\d{1,9})$", events, re.MULTILINE)
    return int(found[1]) if found else 0
