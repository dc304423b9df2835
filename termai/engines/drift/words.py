"""[args] read as llama-server reads its command line (common/arg.cpp, common_params_parse_ex).

Each word is a flag or a value of the flag before it: there is no ``--flag=value``, in long flags
``_`` is read as ``-``, and a word that belongs to no flag ends the program.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.profiles import flags

_FLAG = re.compile(r"--?[A-Za-z]")
_PAIR = re.compile(r"[A-Z_]+ [A-Z_]+")
_NUMBER = re.compile(r"[+-]?[0-9.]+")
SWITCHED = frozenset({"on", "off", "auto", "true", "false", "enabled", "disabled", "1", "0"})


class State(StrEnum):
    """What the program makes of a flag."""

    KNOWN = "known"
    REMOVED = "removed"  # its help says so
    UNKNOWN = "unknown"
    STRAY = "stray"  # no flag at all


@dataclass(frozen=True, slots=True)
class Item:
    """A flag of [args] with its values, or a word that belongs to none.

    start, stop: its place in the arguments. flag: as llama-server reads it, empty for a stray
    word. missing: how many values it lacks. surplus: whether a value stands behind a flag that
    takes none, or one too many. glued: whether it is written ``--flag=value``.
    """

    start: int
    stop: int
    state: State
    flag: str
    values: tuple[str, ...] = ()
    missing: int = 0
    surplus: bool = False
    glued: bool = False


def items(given: tuple[str, ...], binary: Detection) -> Iterator[Item]:
    """Yield what arguments say to a program, in their order and without gaps."""
    position = 0
    while position < len(given):
        item = _item(given, position, binary)
        yield item
        position = item.stop


def spelt(word: str) -> str:
    """Return a flag as llama-server reads it."""
    return word.replace("_", "-") if word.startswith("--") else word


def _item(given: tuple[str, ...], start: int, binary: Detection) -> Item:
    word = spelt(given[start])
    if not _FLAG.match(word):
        return Item(start, start + 1, State.STRAY, "")
    flag, equals, value = given[start].partition("=")
    if equals and _state(word, binary) is State.UNKNOWN:
        flag = spelt(flag)
        return Item(start, start + 1, _state(flag, binary), flag, (value,), glued=True)
    state = _state(word, binary)
    wanted = _count(word, state, binary)
    values = _values(given[start + 1 :], wanted, binary)
    surplus = _surplus(word, given[start + 1 + len(values) :], values, binary)
    missing = max(0, (wanted or 0) - len(values))
    return Item(
        start,
        start + 1 + len(values) + len(surplus),
        state,
        word,
        (*values, *surplus),
        missing=missing,
        surplus=bool(surplus),
    )


def _state(flag: str, binary: Detection) -> State:
    if flag in binary.options:
        return State.KNOWN
    return State.REMOVED if flag in binary.removed else State.UNKNOWN


def _count(flag: str, state: State, binary: Detection) -> int | None:
    """Return how many values a flag takes, None where nobody knows."""
    if state is State.KNOWN:
        takes = binary.help[flag].takes if flag in binary.help else ""
        return 2 if _PAIR.fullmatch(takes) else int(bool(takes))
    renamed = renames.of(flag)
    if renamed:
        return renamed.takes
    meaning = flags.meaning(flag)
    if meaning and not (meaning.takes and meaning.values):
        return int(meaning.takes)
    return None


def _values(rest: tuple[str, ...], wanted: int | None, binary: Detection) -> tuple[str, ...]:
    """Return the words that are values: not a flag that is known in its own right.

    Where nobody knows how many, they are all words up to the next that looks like a flag.
    """
    found: list[str] = []
    for word in rest if wanted is None else rest[:wanted]:
        if _FLAG.match(word) and (wanted is None or _is_flag(spelt(word), binary)):
            break
        found.append(word)
    return tuple(found)


def _is_flag(word: str, binary: Detection) -> bool:
    return bool(
        _state(word, binary) is not State.UNKNOWN or renames.of(word) or flags.meaning(word)
    )


def _surplus(
    flag: str, rest: tuple[str, ...], values: tuple[str, ...], binary: Detection
) -> tuple[str, ...]:
    """Return a word that only makes sense with the flag before it: ``-fa on``, ``PATH SCALE``."""
    if not rest or flag not in binary.options:
        return ()
    if not binary.takes_value(flag):
        return rest[:1] if rest[0] in SWITCHED else ()
    scaled = ":SCALE" in binary.help[flag].takes and len(values) == 1 and ":" not in values[0]
    return rest[:1] if scaled and _NUMBER.fullmatch(rest[0]) else ()
