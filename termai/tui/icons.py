"""One sign per state, always beside a word; plain letters where a terminal lacks the signs."""

import os
import sys

_SIGNS = {
    "ready": "●",
    "ok": "✔",
    "not needed": "·",
    "starting": "◌",
    "loading": "◐",
    "stopping": "◍",
    "stopped": "○",
    "failed": "✖",
    "problem": "✖",
    "lost": "?",
    "warning": "▲",
    "chosen": "▸",
    "full": "●",
    "partial": "◐",
    "none": "✖",
    "queued": "○",
    "running": "↓",
    "waiting": "◌",
    "paused": "◍",
    "interrupted": "▲",
    "verifying": "◐",
    "done": "✔",
    "cancelled": "○",
}
_PLAIN = {
    "ready": "*",
    "ok": "+",
    "not needed": "-",
    "starting": "~",
    "loading": "~",
    "stopping": "~",
    "stopped": "-",
    "failed": "X",
    "problem": "X",
    "lost": "?",
    "warning": "!",
    "chosen": ">",
    "full": "*",
    "partial": "~",
    "none": "X",
    "queued": "-",
    "running": "v",
    "waiting": "~",
    "paused": "=",
    "interrupted": "!",
    "verifying": "~",
    "done": "+",
    "cancelled": "-",
}
STYLES = {
    "ready": "$text-success",
    "ok": "$text-success",
    "not needed": "$muted",
    "starting": "$text-warning",
    "loading": "$text-warning",
    "stopping": "$text-warning",
    "stopped": "",
    "failed": "$text-error",
    "problem": "$text-error",
    "lost": "$text-error",
    "warning": "$text-warning",
    "chosen": "$primary",
    "full": "$text-success",
    "partial": "$text-warning",
    "none": "$text-error",
    "queued": "",
    "running": "$text-success",
    "waiting": "$text-warning",
    "paused": "",
    "interrupted": "$text-warning",
    "verifying": "$text-warning",
    "done": "$text-success",
    "cancelled": "",
}


def sign(state: str) -> str:
    """Return the sign of a state: of a server, a finding, a fit or a download."""
    return (_PLAIN if plain() else _SIGNS).get(state, " ")


def plain() -> bool:
    """Tell whether only ASCII is sure to be drawn: TERMAI_ASCII, the Linux console, no UTF-8."""
    encoding = (getattr(sys.__stdout__, "encoding", "") or "").lower()
    return (
        bool(os.environ.get("TERMAI_ASCII"))
        or os.environ.get("TERM") == "linux"
        or "utf" not in encoding
    )
