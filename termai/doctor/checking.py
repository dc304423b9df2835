"""The checks of all rooms, in the groups in which they are shown."""

from collections.abc import Collection, Iterator

from termai.engines import checks as of_engines
from termai.environment import checks as of_environment
from termai.environment.finding import Finding
from termai.environment.running import Check, run
from termai.errors import UsageError

GROUPS = (
    "Engines",
    "GPU",
    "Memory and limits",
    "Programs",
    "PATH",
    "Terminal",
    "Network",
    "termai",
)


def checks(only: Collection[str] = ()) -> tuple[Check, ...]:
    """Return every check, or those of the groups that ``only`` names in any case.

    Raises UsageError that names the groups.
    """
    wanted = {word.casefold() for word in only}
    unknown = wanted - {group.casefold() for group in GROUPS}
    if unknown:
        raise UsageError(
            f"There is no group of checks called {min(unknown)!r}.",
            fix=f"The groups are: {', '.join(GROUPS)}.",
        )
    every = (*of_engines.CHECKS, *of_environment())
    chosen = [check for check in every if not wanted or check.group.casefold() in wanted]
    return tuple(sorted(chosen, key=lambda check: GROUPS.index(check.group)))


def examine(only: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the findings of the checks as they come; takes up to a few seconds."""
    yield from run(checks(only))
