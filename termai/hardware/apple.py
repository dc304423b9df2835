"""The GPU of a Mac with Apple's own processor, which shares the machine's memory.

What sysctl(8) tells: ``machdep.cpu.brand_string`` names the chip, ``iogpu.wired_limit_mb`` is the
most of the memory that the GPU may hold where somebody has set it, 0 where macOS decides.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Callable
from functools import cache

from termai.hardware.gpu import Gpu, Vendor

_TIME_LIMIT_S = 2.0
_MIB = 1 << 20

Ask = Callable[[str], str]


def read() -> tuple[Gpu, ...]:
    """Return the GPU of an Apple chip, nothing on any other machine; never raises."""
    if sys.platform != "darwin" or platform.machine() != "arm64":
        return ()
    return described(_told)


def described(ask: Ask) -> tuple[Gpu, ...]:
    """Return the GPU that sysctl's answers describe, nothing where they name no chip of Apple's.

    ``memory_total`` is None: the memory is the machine's, and macOS decides how much of it the GPU
    may hold; where somebody has set a limit, it is that.
    """
    chip = ask("machdep.cpu.brand_string")
    if not chip.startswith("Apple"):
        return ()
    limit = ask("iogpu.wired_limit_mb")
    total = int(limit) * _MIB if limit.isascii() and limit.isdecimal() and int(limit) else None
    return (Gpu(0, f"{chip} GPU", memory_total=total, vendor=Vendor.APPLE),)


@cache
def _told(name: str) -> str:
    """Return what sysctl says of a name, empty where it does not; asked once for this process."""
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:4096].decode(errors="replace").strip()
