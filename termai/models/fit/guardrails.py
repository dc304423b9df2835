"""Guardrails: whether a start that takes much memory is let through, warned about or refused.

The words are those of LM Studio's modelLoadingGuardrails (off, low "relaxed", medium "balanced",
high "strict", custom); the numbers are termai's own, as LM Studio publishes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from termai.models.fit.machine import Machine
from termai.models.fit.verdict import RAM, Fit, Room
from termai.models.fit.words import size

OFF = "off"
_GB = 1 << 30
_HOLDERS_SHOWN = 3


class Decision(StrEnum):
    """What becomes of a start."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Mode:
    """When a start is warned about and when it is refused.

    warn, refuse: how many margins must stay free on every device for it not to be. total: whether
    a refusal counts what a device has at all, instead of what of it is free now. pages: whether
    weights that the kernel reads from their file when needed may be more than there is RAM.
    """

    warn: float
    refuse: float
    total: bool = False
    pages: bool = False


MODES = {
    "relaxed": Mode(warn=0, refuse=0, total=True, pages=True),
    "balanced": Mode(warn=1, refuse=0, pages=True),
    "strict": Mode(warn=1, refuse=1),
}
_LIMITED = Mode(warn=0, refuse=float("-inf"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """The decision, and for one that is no ALLOW a sentence with the numbers it follows from."""

    decision: Decision
    reason: str = ""


def judge(found: Fit, setting: str, *, pageable: int = 0) -> Judgement:
    """Return what ``settings.memory_guardrails`` decides about a start with this fit.

    pageable: bytes of the weights in RAM that the kernel reads from their file when needed.
    """
    if setting == OFF:
        return Judgement(Decision.ALLOW)
    mode = MODES.get(setting, _LIMITED)
    limit = limit_of(setting)
    if limit is not None and found.estimate.total > limit:
        needed = size(found.estimate.total)
        return Judgement(
            Decision.REFUSE, f"It needs {needed}, more than the {setting} that are allowed."
        )
    paged = pageable if mode.pages else 0
    for room in _fullest_first(found.rooms):
        if _short(_without(room, paged), mode.refuse, total=mode.total):
            return Judgement(Decision.REFUSE, _sentence(room, mode.refuse, total=mode.total))
    for room in _fullest_first(found.rooms):
        if _short(room, mode.warn):
            return Judgement(Decision.WARN, _sentence(room, mode.warn, paged=paged))
    return Judgement(Decision.ALLOW)


def limit_of(setting: str) -> int | None:
    """Return the bytes that a setting such as ``12 GB`` allows, None for one of the words."""
    return None if setting in (OFF, *MODES) else int(setting.removesuffix(" GB")) * _GB


def holders_text(machine: Machine, room: Room, rooms: Sequence[Room]) -> str:
    """Return who holds the memory of a GPU: ``smoke 3.1 GiB, python (ann) 1.0 GiB``, or nothing."""
    place = list(rooms).index(room) - 1
    if not 0 <= place < len(machine.gpus):
        return ""
    index = machine.gpus[place].index
    held = [holder for holder in machine.holders if holder.gpu == index]
    told = [
        f"{holder.server or _process(holder.command, holder.pid, holder.user)}"
        + (f" {size(holder.bytes)}" if holder.bytes else "")
        for holder in held[:_HOLDERS_SHOWN]
    ]
    more = len(held) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


def _process(command: str, pid: int, user: str) -> str:
    return f"{command or 'process'} {pid}" + (f" of {user}" if user else "")


def _fullest_first(rooms: Sequence[Room]) -> list[Room]:
    """Return the rooms whose memory is known and of which something is needed."""
    return sorted((r for r in rooms if r.needed and r.total), key=lambda room: room.spare)


def _without(room: Room, paged: int) -> Room:
    """Return a room with what cannot be given back; only RAM's weights can."""
    return replace(room, needed=room.needed - paged) if room.name == RAM else room


def _short(room: Room, kept: float, *, total: bool = False) -> bool:
    return room.needed + kept * room.margin > (room.total if total else room.free)


def _sentence(room: Room, kept: float, *, total: bool = False, paged: int = 0) -> str:
    there = room.total if total else room.free
    words = "there are at all" if total else "are free"
    numbers = f"It needs {size(room.needed)} of {room.name}, where {size(there)} {words}"
    short = room.needed - there
    if 0 < short <= paged and room.name == RAM:
        slow = "of the weights are read from the file again and again, slowly"
        return f"{numbers}: {size(short)} {slow}."
    if short > 0:
        return f"{numbers}: {size(short)} too little."
    return f"{numbers}: less than {size(kept * room.margin)} would stay free."
