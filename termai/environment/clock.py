"""Whether the clock is right: certificates, tokens and logs depend on it."""

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from termai.environment import place
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT

NAME = "Clock"

_BUILT = 1_767_225_600  # 2026-01-01 UTC: no running termai is older
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_BUFFER = 512  # bytes, more than struct timex has on any architecture


def clock(
    root: Path = ROOT,
    now: Callable[[], float] = time.time,
    synchronised: "Callable[[], bool | None] | None" = None,
) -> Iterator[Finding]:
    """Yield whether the clock can be right, and whether something keeps it so."""
    kept = (synchronised or by_kernel)()
    if now() < _BUILT:
        remedy = place.on_host("timedatectl set-ntp true", root)
        yield Finding(
            NAME,
            Verdict.PROBLEM,
            f"It says {time.strftime('%Y-%m-%d', time.gmtime(now()))}, which is long past: no "
            "certificate is valid, so that the hub cannot be reached.",
            remedy.fix,
            command=remedy.command,
        )
    elif kept or (root / "run/systemd/timesync/synchronized").exists():
        yield Finding(NAME, Verdict.OK, "It is kept right over the network.")
    else:
        yield Finding(NAME, Verdict.OK, "It is plausible; nothing is known to keep it right.")


def by_kernel() -> bool | None:
    """Return whether the kernel's clock is synchronised (adjtimex(2)), None off Linux."""
    if sys.platform != "linux":
        return None
    try:
        buffer = ctypes.create_string_buffer(_BUFFER)  # modes = 0: nothing is set
        state = ctypes.CDLL(None).adjtimex(buffer)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _UNSYNCHRONISED)
