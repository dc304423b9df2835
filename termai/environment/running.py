"""Running checks at the same time, each within a limit, and telling each as it is done."""

import queue
import shlex
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from time import monotonic

from termai.environment.finding import Finding, Verdict
from termai.text import one_line

LIMIT_S = 2.5
_WORKERS = 8

Findings = Iterable[Finding]


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at.

    name: what it is, for the finding of a check that fails or does not end. group: where it
    belongs. look: returns its findings; may block, must not write. limit_s: seconds it may take.
    """

    name: str
    group: str
    look: Callable[[], Findings]
    limit_s: float = LIMIT_S


def run(checks: Sequence[Check]) -> Iterator[Finding]:
    """Yield the findings of each check as soon as it is done.

    A check that raises becomes a warning with its error, and one that does not end within its
    limit, counted from its own start, one that says so; its thread is left behind.
    """
    done: queue.SimpleQueue[tuple[int, tuple[Finding, ...]]] = queue.SimpleQueue()
    waiting = list(enumerate(checks))
    running: dict[int, float] = {}
    while waiting or running:
        while waiting and len(running) < _WORKERS:
            number, check = waiting.pop(0)
            running[number] = monotonic() + check.limit_s
            _start(number, check, done)
        try:
            number, found = done.get(timeout=max(0.0, min(running.values()) - monotonic()))
        except queue.Empty:
            yield from _late(checks, running)
            continue
        if running.pop(number, None) is not None:
            yield from found


def _start(
    number: int, check: Check, done: "queue.SimpleQueue[tuple[int, tuple[Finding, ...]]]"
) -> None:
    def work() -> None:
        done.put((number, _found(check)))

    threading.Thread(target=work, name=f"check {check.name}", daemon=True).start()


def _found(check: Check) -> tuple[Finding, ...]:
    try:
        return tuple(replace(finding, group=check.group) for finding in check.look())
    except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
        sentence = f"Could not be looked at: {one_line(str(error) or type(error).__name__, 200)}."
        return (_unknown(check, sentence),)


def _late(checks: Sequence[Check], running: dict[int, float]) -> Iterator[Finding]:
    """Give up the checks whose time is over, and yield a warning for each."""
    now = monotonic()
    for number in [number for number, until in running.items() if until <= now]:
        del running[number]
        check = checks[number]
        cause = "What is asked hangs, or this machine is busy."
        yield replace(_unknown(check, f"Gave no answer within {check.limit_s:g} s."), cause=cause)


def _unknown(check: Check, sentence: str) -> Finding:
    """Return the finding of a check that found nothing out."""
    only = shlex.quote(check.group.casefold())
    fix = f"`termai doctor --only {only}` looks again."
    return Finding(check.name, Verdict.WARNING, sentence, fix, group=check.group)
