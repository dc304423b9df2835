"""Numbers as they are read at a glance: bytes, tokens, rates, durations."""

from datetime import datetime
from pathlib import Path

from termai.paths import expanded
from termai.text import one_line
from termai.tui import icons

_UNITS = ("B", "K", "M", "G", "T")


def size(count: float) -> str:
    """Return bytes with one decimal below ten units: ``4.7G``, ``640M`` (powers of 1024)."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1024
    return f"{count:.1f}{unit}" if count < 10 and unit not in ("B", "K") else f"{count:.0f}{unit}"


def pair(used: float, total: float) -> str:
    """Return ``18.2/24G``: both in the unit of the total."""
    step = 0
    while total >= 1000 and step < len(_UNITS) - 1:
        used, total, step = used / 1024, total / 1024, step + 1
    shown = f"{used:.1f}" if step >= 3 else f"{used:.0f}"
    return f"{shown}/{total:.0f}{_UNITS[step]}"


def tokens(count: int) -> str:
    """Return a number of tokens: ``512``, ``16k``, ``1.9k`` (thousands of 1024 when exact)."""
    if count < 1000:
        return str(count)
    if count % 1024 == 0:
        return f"{count // 1024}k"
    return f"{count / 1000:.1f}k" if count < 10_000 else f"{count / 1000:.0f}k"


def rate(per_second: float) -> str:
    """Return tokens per second: ``61 t/s``, ``4.2 t/s``."""
    return f"{per_second:.0f} t/s" if per_second >= 10 else f"{per_second:.1f} t/s"


def duration(seconds: float) -> str:
    """Return a duration by its largest unit: ``42s``, ``7m``, ``2h``, ``3d``."""
    for limit, divisor, unit in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{max(0, seconds) // divisor:.0f}{unit}"
    return f"{seconds // 86400:.0f}d"


def moment(timestamp: float, now: float) -> str:
    """Return a local time: ``14:02`` within a day of ``now``, else ``11-20 14:02``."""
    form = "%H:%M" if abs(now - timestamp) < 86400 else "%m-%d %H:%M"
    return datetime.fromtimestamp(timestamp).astimezone().strftime(form)


def place(path: Path) -> str:
    """Return a path as it is typed, ``~`` for the home directory."""
    home, text = str(expanded("~")), str(path)
    return one_line(f"~{text[len(home) :]}" if text.startswith(f"{home}/") else text)


def bar(fraction: float, width: int) -> str:
    """Return a bar of ``width`` cells, filled to ``fraction`` (0 to 1)."""
    filled = round(min(1.0, max(0.0, fraction)) * width)
    full, free = ("#", ".") if icons.plain() else ("▓", "░")
    return full * filled + free * (width - filled)
