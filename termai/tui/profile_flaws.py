"""What is wrong with a profile here, whoever found it: values that clash, flags that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from termai.text import one_line

if TYPE_CHECKING:
    from termai.engines.base import Detection
    from termai.engines.drift import Drift
    from termai.profiles.clashes import Clash
    from termai.profiles.profile import Profile

PROBLEM, WARNING, HINT = _SEVERITIES = ("problem", "warning", "hint")
_WORDS = 120  # characters of what can be taken out


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


def flaws(
    clashes: Iterable[Clash],
    drifts: Iterable[Drift],
    profile: Profile | None = None,
    engine: Detection | None = None,
) -> tuple[Flaw, ...]:
    """Return all that was found, problems first.

    profile, engine: what the drifts were found with, so that what nothing can take the place of
    can be taken out.
    """
    found = []
    for drift in drifts:
        takes_out = None if drift.updates or not (profile and engine) else (profile, engine)
        found.append(_to_take_out(drift, *takes_out) if takes_out else _of_drift(drift))
    found += [_of_clash(clash) for clash in clashes]
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

    flaw = Flaw((_field(drift),), _severity(drift), drift.problem, "", stops=drift.fatal)
    if not drift.updates:
        return flaw
    fix = f"Use {drift.successor} instead." if drift.successor else "Take it out."
    return replace(flaw, fix_text=fix, mended=partial(updated, drifts=(drift,)))


def _to_take_out(drift: Drift, profile: Profile, engine: Detection) -> Flaw:
    from termai.engines.drift.removing import what, without

    flaw, words = _of_drift(drift), what(profile, drift, engine)
    if not words:
        return flaw
    mended = partial(without, found=drift, binary=engine)
    return replace(flaw, fix_text=f"Remove {one_line(words, _WORDS)}.", mended=mended)


def _field(drift: Drift) -> str:
    """Return the identity of the field that a finding is about."""
    whole = drift.where.startswith(("args.", "env."))
    return drift.where if whole else drift.where.rpartition(".")[2]


def _severity(drift: Drift) -> str:
    return PROBLEM if drift.fatal else HINT if drift.hint else WARNING
