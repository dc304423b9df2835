"""The checks of all rooms, in the groups in which they are shown."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial

from termai.doctor import directories, lending, networking, own_files
from termai.engines import checks as of_engines
from termai.engines import probe
from termai.environment import checks as of_environment
from termai.environment.finding import Finding, Verdict
from termai.environment.running import Check, run
from termai.errors import UsageError

NETWORK, PROGRAMS = "Network", "Programs"
GROUPS = (
    "Engines",
    "GPU",
    "Memory and limits",
    PROGRAMS,
    "PATH",
    "Terminal",
    NETWORK,
    own_files.GROUP,
)

PATIENCE_S = 8.0
"""Seconds that an engine may take to answer a question of a check, below the checks' limits."""

_WAITING = (NETWORK, PROGRAMS)  # groups that begin first
_WORST_FIRST = (Verdict.PROBLEM, Verdict.WARNING, Verdict.OK, Verdict.NOT_NEEDED)


def checks(only: Collection[str] = ()) -> tuple[Check, ...]:
    """Return every check, or those of the groups that ``only`` names.

    The beginning of a name is enough, in any case: ``gpu``, ``memory``. Raises UsageError that
    names the groups.
    """
    wanted = {group for word in only for group in _named(word)}
    every = (
        *of_engines.CHECKS,
        *lending.CHECKS,
        *of_environment(),
        *networking.checks(),
        *own_files.checks(),
    )
    chosen = [check for check in every if not wanted or check.group in wanted]
    return tuple(sorted(chosen, key=lambda check: GROUPS.index(check.group)))


def examine(only: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the findings of the checks as they come; takes up to a few seconds.

    Those that wait for others, and take no processor meanwhile, are begun first: what hangs in
    them then ends the soonest.
    """
    begun = sorted(checks(only), key=lambda check: _order(check.group))
    yield from run([replace(check, look=partial(_patiently, check)) for check in begun])


def _patiently(check: Check) -> tuple[Finding, ...]:
    """Look, with no more patience for an engine that is asked than the check has time."""
    return probe.impatiently(PATIENCE_S, lambda: tuple(check.look()))


def _order(group: str) -> int:
    return _WAITING.index(group) if group in _WAITING else len(_WAITING)


def again(finding: Finding) -> Finding | None:
    """Look again at what a finding told of, None when there is nothing to tell any more.

    Runs the checks of its group; takes as long as these do.
    """
    return next((one for one in examine((finding.group,)) if one.name == finding.name), None)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by group and in it the worst first, else as they came."""
    return tuple(
        sorted(findings, key=lambda f: (GROUPS.index(f.group), _WORST_FIRST.index(f.verdict)))
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those that something is to be done about: problems, then warnings, by group."""
    todo = [one for one in findings if one.verdict in (Verdict.PROBLEM, Verdict.WARNING)]
    return tuple(sorted(ordered(todo), key=lambda one: _WORST_FIRST.index(one.verdict)))


def profiles_suffer(findings: Iterable[Finding]) -> bool:
    """Tell whether something is broken that the user's own profiles need."""
    return any(
        one.group == own_files.GROUP
        and one.verdict is Verdict.PROBLEM
        and one.name not in directories.SPARED
        for one in findings
    )


def _named(word: str) -> tuple[str, ...]:
    begun = word.strip().casefold()
    found = tuple(group for group in GROUPS if begun and group.casefold().startswith(begun))
    exact = tuple(group for group in found if group.casefold() == begun)
    if exact or len(found) == 1:
        return exact or found
    what = f"{word!r} may be {' or '.join(found)}." if found else ""
    raise UsageError(
        what or f"There is no group of checks called {word!r}.",
        fix=f"The groups are: {', '.join(GROUPS)}.",
    )
