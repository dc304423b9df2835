"""What is wrong with a profile here, whoever found it: values that clash, flags that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from termai.engines.drift import Drift
    from termai.profiles.clashes import Clash
    from termai.profiles.profile import Profile

PROBLEM, WARNING, HINT = _SEVERITIES = ("problem", "warning", "hint")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong, and how to mend it.

    keys: identities of the fields it is about, the one to show it at first. severity: PROBLEM
    where a start fails or does not do what is asked, HINT where all is well and could be said
    better, else WARNING. mended: returns a profile without it, None where only a person can know
    what was meant. stops: the engine would end at once, so that a start is refused.
    """

    keys: tuple[str, ...]
    severity: str
    text: str
    fix_text: str
    mended: Callable[[Profile], Profile] | None = None
    stops: bool = False


def flaws(clashes: Iterable[Clash], drifts: Iterable[Drift]) -> tuple[Flaw, ...]:
    """Return all that was found, problems first."""
    found = [*(_of_drift(drift) for drift in drifts), *(_of_clash(clash) for clash in clashes)]
    return tuple(sorted(found, key=lambda flaw: _SEVERITIES.index(flaw.severity)))


def worst(found: Iterable[Flaw], key: str) -> str:
    """Return how bad the worst flaw of a field is; empty for none and for mere hints."""
    severities = {flaw.severity for flaw in found if key in flaw.keys}
    return next((severity for severity in (PROBLEM, WARNING) if severity in severities), "")


def problems(found: Iterable[Flaw]) -> tuple[Flaw, ...]:
    """Return what keeps a profile from starting or from doing what is asked."""
    return tuple(flaw for flaw in found if flaw.severity == PROBLEM)


def to_mend(found: Sequence[Flaw], key: str) -> Flaw | None:
    """Return the flaw that one key mends: the chosen field's, else the first that can be."""
    mendable = [flaw for flaw in found if flaw.mended]
    mine = [flaw for flaw in mendable if key in flaw.keys]
    return next(iter((*mine, *mendable)), None)


def _of_clash(clash: Clash) -> Flaw:
    mended = clash.fixed if clash.fix else None
    return Flaw(clash.keys, str(clash.severity), clash.text, clash.fix_text, mended)


def _of_drift(drift: Drift) -> Flaw:
    from termai.engines.drift import updated

    field = drift.where if drift.where.startswith("args.") else drift.where.rpartition(".")[2]
    severity = PROBLEM if drift.fatal else HINT if drift.hint else WARNING
    if not drift.updates:
        return Flaw((field,), severity, drift.problem, "", stops=drift.fatal)
    fix = f"Use {drift.successor} instead." if drift.successor else "Take it out."
    mended = partial(updated, drifts=(drift,))
    return Flaw((field,), severity, drift.problem, fix, mended, stops=drift.fatal)
