"""Whether the hub of models answers and takes the token; how it is asked is passed in."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from termai.environment.finding import Finding, Verdict
from termai.environment.reading import ROOT, text
from termai.environment.running import Check
from termai.environment.timed import within
from termai.errors import AccessError, TermaiError, UsageError
from termai.text import one_line

GROUP = "Network"
_HUB, _TOKEN = "Hub", "Hub token"
_LIMIT_S = 2.9
_ANSWER_S = 2.6  # less, so that the reason is told


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub in use.

    host: as it may be shown. reach: asks it for something small; raises TermaiError. taken: asks
    whether it takes the token, and returns what the token may do (read, write), empty where that
    is not told; raises AccessError for one that it does not take, UsageError for what is no
    token, TermaiError. proxy: that it is
    reached through, without a password. token: where the token comes from, empty for none.
    offline: a sentence that names what says that the hub is to be left alone, else empty.
    """

    host: str
    reach: Callable[[], None]
    taken: Callable[[], str]
    proxy: str = ""
    token: str = ""
    offline: str = ""


def checks(hub: Callable[[], Hub], root: Path = ROOT) -> tuple[Check, ...]:
    """Return the checks of a hub; ``hub`` raises TermaiError for settings that name none."""
    return (
        Check(_HUB, GROUP, lambda: _reached(hub, root), _LIMIT_S),
        Check(_TOKEN, GROUP, lambda: _token(hub), _LIMIT_S),
    )


def _reached(hub: Callable[[], Hub], root: Path) -> Iterator[Finding]:
    began = time.monotonic()
    try:
        there = hub()
        if there.offline:
            yield Finding(_HUB, Verdict.NOT_NEEDED, one_line(there.offline, 250))
            return
        within(_ANSWER_S, there.reach)
    except TimeoutError:
        yield Finding(
            _HUB,
            Verdict.WARNING,
            f"{there.host} gives no answer within {_ANSWER_S:g} s.",
            "Check the network, its servers for names, and proxy; models here work without.",
            cause=_cause(root),
        )
        return
    except TermaiError as error:
        yield Finding(
            _HUB,
            Verdict.WARNING,
            _sentence(error),
            error.fix or "Check the network; models on this machine work without.",
            cause=_cause(root),
        )
        return
    through = f" through {there.proxy}" if there.proxy else ""
    took = time.monotonic() - began
    yield Finding(_HUB, Verdict.OK, f"{there.host} answers in {took:.1f} s{through}.")


def _token(hub: Callable[[], Hub]) -> Iterator[Finding]:
    try:
        there = hub()
    except TermaiError:  # which the finding of the hub tells
        return
    if there.offline:
        return
    if not there.token:
        yield Finding(
            _TOKEN,
            Verdict.NOT_NEEDED,
            "None is kept: models that ask for a consent cannot be fetched.",
            "`termai hub login` asks for one.",
        )
        return
    try:
        role = within(_ANSWER_S, there.taken)
    except (AccessError, UsageError) as error:
        yield Finding(_TOKEN, Verdict.WARNING, _sentence(error), error.fix)
    except (TermaiError, TimeoutError):
        yield Finding(_TOKEN, Verdict.NOT_NEEDED, "It is there and could not be checked.")
    else:
        may = f", to {one_line(role, 30)}" if role in ("read", "write") else ""
        source = one_line(there.token, 100)
        yield Finding(_TOKEN, Verdict.OK, f"{there.host} takes it{may} (from {source}).")


def _sentence(error: TermaiError) -> str:
    said = one_line(error.message, 250)
    return said if said.endswith(".") else f"{said}."


def _cause(root: Path) -> str:
    """Return what this machine lacks for any network, empty when it lacks nothing."""
    routes = text(root / "proc/net/route", 1 << 16)
    if routes and not _leads_out(routes) and not _leads_out_by_six(root):
        return "This machine has no route to other networks."
    lines = text(root / "etc/resolv.conf", 1 << 16).splitlines()
    if (root / "etc").is_dir() and not any(one.split()[:1] == ["nameserver"] for one in lines):
        return "No server for names is set (/etc/resolv.conf)."
    return ""


def _leads_out(routes: str) -> bool:
    """Return whether a table has a default route: destination and mask are 0."""
    rows = (line.split() for line in routes.splitlines()[1:])
    return any(len(row) > 7 and row[1] == row[7] == "00000000" for row in rows)


def _leads_out_by_six(root: Path) -> bool:
    """Return the same of IPv6, whose table has a reject route to loopback for none."""
    rows = (line.split() for line in text(root / "proc/net/ipv6_route").splitlines())
    zero = "0" * 32
    return any(
        len(row) > 9 and row[0] == zero and row[1] == "00" and row[9] != "lo" for row in rows
    )
