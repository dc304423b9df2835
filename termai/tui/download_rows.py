"""What the strip and the list of downloads say of each: how far, how fast, or why not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from termai.text import one_line
from termai.tui import formats, icons

if TYPE_CHECKING:
    from termai.models.downloads.view import Download

_BAR = 10
_MOST_STRIP_LINES = 3
_RECEIVING = ("running", "verifying")
_IN_STRIP = ("running", "verifying", "waiting", "queued", "paused", "interrupted", "failed")


def name(download: Download) -> str:
    """Return what a person calls it, without whose repository it is: ``Qwen3-8B-GGUF:Q4_K_M``."""
    short = download.repo.rpartition("/")[2]
    return one_line(f"{short}:{download.variant}" if download.variant else short)


def problem(download: Download) -> str:
    """Return what is in the way of a download, without its name."""
    return one_line(download.problem.removeprefix(f"{download.name}: "))


def filled(download: Download) -> str:
    """Return how far a download is, for a list of models: ``↓ 42%``."""
    return f"{icons.sign(str(download.status))} {share(download):.0%}"


def row(download: Download, width: int) -> Content:
    """Return one line: sign, name, bar, percent, amounts, and rate or what holds it up."""
    status = str(download.status)
    style = icons.STYLES.get(status, "")
    part = share(download)
    room = max(8, width - 2 - 1 - (_BAR + 6 if width >= 60 else 6))
    told = _told(download)
    name_width = min(len(name(download)), max(12, room - min(len(told), 36) - 1))
    drawn = f"{formats.bar(part, _BAR)} {part:4.0%}" if width >= 60 else f"{part:4.0%}"
    head = Content.assemble(
        (f"{icons.sign(status)} ", style),
        (one_line(name(download), name_width), "bold"),
        f" {drawn} ",
    )
    return head + Content.styled(one_line(told, max(4, width - head.cell_length)), style)


def details(download: Download) -> list[Content]:
    """Return where a download goes, what is in its way, and what to do about that."""
    lines = [Content(one_line(download.name)), Content(formats.place(download.path))]
    style = icons.STYLES.get(str(download.status), "")
    lines += [Content.styled(one_line(t), style) for t in (download.problem, download.fix) if t]
    if str(download.status) == "done":
        lines.append(Content("Verified. Enter makes a profile that fits and starts it."))
    return lines


def _told(download: Download) -> str:
    status = str(download.status)
    amount = formats.pair(download.bytes_done, download.bytes_total)
    if status in _RECEIVING:
        words = [amount]
        if status == "verifying":
            words.append("checking")
        elif download.rate:
            words.append(f"{formats.size(download.rate)}/s")
        if download.eta_s is not None and status == "running":
            words.append(f"{formats.duration(download.eta_s)} left")
        return "  ".join(words)
    if status == "done":
        return f"done  {formats.size(download.bytes_total)}"
    why = problem(download)
    if status == "waiting" and download.retry_at:
        why += f" Tries again in {formats.duration(max(0.0, download.retry_at - time.time()))}."
    return f"{status}: {why}" if why else f"{status}  {amount}"


def share(download: Download) -> float:
    """Return how much of a download is there, 0 to 1."""
    return download.bytes_done / download.bytes_total if download.bytes_total else 0.0


def strip(downloads: Sequence[Download], width: int) -> tuple[Content, ...]:
    """Return at most three lines about downloads that are not over, what moves first."""
    wanted = [d for d in downloads if str(d.status) in _IN_STRIP]
    wanted.sort(key=lambda d: _IN_STRIP.index(str(d.status)))
    if len(wanted) <= _MOST_STRIP_LINES:
        return tuple(row(download, width) for download in wanted)
    shown = wanted[: _MOST_STRIP_LINES - 1]
    rest = len(wanted) - len(shown)
    more = Content.styled(f"  and {rest} more; w lists all downloads", "$muted")
    return (*(row(download, width) for download in shown), more)
