"""Whether the user's own profiles can be read, and whether what they need is here."""

from collections.abc import Callable, Iterator
from functools import cache

from termai.doctor.needs import Unmet, unmet
from termai.engines import rpc
from termai.engines.choose import choose
from termai.environment.finding import Finding, Verdict
from termai.errors import TermaiError
from termai.models.library import Library
from termai.paths import profiles_dir
from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles
from termai.text import one_line

NAME = "profiles"


def look(library: Callable[[], Library]) -> Iterator[Finding]:
    """Yield a problem for each profile of the user's own that cannot be started, and the sum."""
    listing = list_profiles()
    own = [profile for profile in listing.profiles if not profile.shipped]
    for number, problem in enumerate(listing.problems):
        yield _unreadable(number, problem)
    chosen, silent = cache(choose), cache(rpc.silent)
    broken = 0
    for profile in own:
        lacking = unmet(profile, library, chosen, silent)
        if lacking:
            broken += 1
            yield _broken(profile, lacking)
    count = len(own) + len(listing.problems)
    yield _sum(count, len(own) - broken)


def _sum(count: int, whole: int) -> Finding:
    path = str(profiles_dir())
    if not count:
        sentence = "You have none of your own yet; those that come with termai are there."
    elif whole == count:
        sentence = f"{count} of your own, and what they need is here."
    else:
        sentence = f"{count} of your own, of which {count - whole} cannot be started."
    return Finding(NAME, Verdict.OK, sentence, path=path)


def _unreadable(number: int, problem: TermaiError) -> Finding:
    return Finding(
        "unreadable profile" if not number else f"unreadable profile {number + 1}",
        Verdict.PROBLEM,
        _sentence(problem.message),
        problem.fix or "Mend that line of the file; it is left as it is.",
        cause="The file was written by hand, or by another version of termai.",
    )


def _broken(profile: Profile, lacking: Unmet) -> Finding:
    return Finding(
        f"profile {one_line(profile.name)}",
        Verdict.PROBLEM,
        _sentence(lacking.sentence),
        one_line(lacking.fix, 400) or f"Change it: `termai profiles edit {profile.name}`.",
        path=str(profile.path or ""),
        cause=one_line(lacking.cause, 400),
        command=lacking.command,
    )


def _sentence(text: str) -> str:
    return f"{one_line(text, 400).rstrip('.')}."
