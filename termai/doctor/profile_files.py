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
    unseen = sum(map(_of_directory, listing.problems))
    count = len(own) + len(listing.problems) - unseen
    yield _sum(count, len(own) - broken, unseen=bool(unseen))


def _sum(count: int, whole: int, *, unseen: bool) -> Finding:
    path = str(profiles_dir())
    if not count and unseen:
        sentence = "Your own cannot be seen; those that come with termai are there."
    elif not count:
        sentence = "You have none of your own yet; those that come with termai are there."
    elif whole == count:
        sentence = f"{count} of your own, and what they need is here."
    else:
        sentence = f"{count} of your own, of which {count - whole} cannot be started."
    return Finding(NAME, Verdict.OK, sentence, path=path)


def _unreadable(number: int, problem: TermaiError) -> Finding:
    closed = isinstance(problem.__cause__, PermissionError)
    by_hand = "The file was written by hand, or by another version of termai."
    fix = "Mend its permissions" if closed else "Mend that line of the file"
    return Finding(
        "unreadable profile" if not number else f"unreadable profile {number + 1}",
        Verdict.PROBLEM,
        _sentence(problem.message),
        problem.fix or f"{fix}; it is left as it is.",
        cause="" if closed or _of_directory(problem) else by_hand,
    )


def _of_directory(problem: TermaiError) -> bool:
    """Tell whether a problem is of the directory of profiles and not of one of them."""
    return problem.message.startswith(f"{profiles_dir()} ")


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
