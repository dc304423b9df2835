"""What the kernel's log says of GPUs since the machine was started: Xid events, hangs, resets.

Formats: NVIDIA's "XID Errors" (r570) for ``NVRM: Xid (PCI:0000:3b:00): 79, ...``, the messages
of amdgpu, i915 and xe in Linux 6.12; /dev/kmsg as in Documentation/ABI/testing/dev-kmsg.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from termai.environment import pci, programs
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT

NAME = "GPU faults"

_XID = re.compile(r"NVRM: Xid \(PCI:(?:[0-9a-fA-F]{4,8}:)?([0-9a-fA-F:.]{5,16})\): (\d{1,4})\b")
_OTHERS = (
    (re.compile(r"amdgpu .{0,80}(?:GPU reset begin|ring \S+ timeout)"), "amdgpu reset"),
    (re.compile(r"(?:i915|xe) .{0,80}(?:GPU HANG|GT reset)"), "Intel GPU hang"),
)
_PROGRAMS = frozenset({13, 31, 32, 43, 45, 68, 69})  # most often the fault of a program
_MEANINGS = {
    48: "memory error that ECC could not correct",
    61: "its controller stopped",
    62: "its controller stopped",
    63: "memory row replaced",
    64: "memory row could not be replaced",
    74: "NVLink error",
    79: "fell off the bus",
    92: "many memory errors that ECC corrected",
    94: "memory error, contained",
    95: "memory error, not contained",
    109: "a program's turn did not end",
    119: "its firmware (GSP) did not answer",
    120: "its firmware (GSP) failed",
}
_LIMIT = 16 << 20
_RECORD = 8192


def faults(root: Path = ROOT) -> Iterator[Finding]:
    """Yield what the kernel's log says of GPUs; nothing on a machine without any."""
    if not any(pci.gpus(vendor, root) for vendor in (pci.NVIDIA, pci.AMD, pci.INTEL)):
        return
    log = kernel_log(root / "dev/kmsg")
    if log is None:
        yield Finding(NAME, Verdict.NOT_NEEDED, "The kernel's log may not be read by this user.")
        return
    yield told(log.splitlines())


def told(lines: Iterable[str]) -> Finding:
    """Return what lines of the kernel's log mean."""
    xids: Counter[tuple[int, str]] = Counter()
    others: Counter[str] = Counter()
    for line in lines:
        if found := _XID.search(line):
            xids[int(found[2]), found[1]] += 1
        else:
            others.update(words for pattern, words in _OTHERS if pattern.search(line))
    grave = [(xid, where) for xid, where in sorted(xids) if xid not in _PROGRAMS]
    if not grave and not others:
        return Finding(NAME, Verdict.OK, _harmless(sum(xids.values())))
    words = [f"Xid {xid} at {where} ({_MEANINGS.get(xid, 'see NVIDIA')})" for xid, where in grave]
    words += [f"{what} {count} times" for what, count in others.items()]
    return Finding(
        NAME,
        Verdict.WARNING,
        f"The kernel's log tells of faults since the start: {'; '.join(words[:5])}.",
        "Look at power, heat, slot and driver; the numbers are explained at "
        "https://docs.nvidia.com/deploy/xid-errors/",
    )


def kernel_log(device: Path = ROOT / "dev/kmsg") -> str | None:
    """Return the kernel's log since the start, None where this user may not read it."""
    with suppress(OSError):
        return _records(device)
    for command in (("dmesg",), ("journalctl", "-k", "-b", "-o", "cat", "--no-pager")):
        program = programs.find(command[0])
        if device == ROOT / "dev/kmsg" and program:
            found = programs.said(program, *command[1:])
            if found and "not seeing messages" not in found:
                return found
    return None


def _records(device: Path) -> str:
    """Read what is there and do not wait for more; raises OSError where it is closed."""
    stream = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    found: list[bytes] = []
    size = 0
    try:
        while size < _LIMIT:
            try:
                record = os.read(stream, _RECORD)
            except BlockingIOError:
                break
            except BrokenPipeError:  # the ring went on over what was to be read next
                continue
            if not record:
                break
            found.append(record)
            size += len(record)
    finally:
        os.close(stream)
    return b"".join(found).decode("utf-8", "replace")


def _harmless(count: int) -> str:
    if not count:
        return "The kernel's log tells of none since the start."
    return f"Only faults of programs since the start ({count} Xid events), none of the GPU."
