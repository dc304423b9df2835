"""Whether the ports that servers want are free, and who listens on those that are not."""

import errno
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from termai.environment import listeners
from termai.environment.finding import Finding, Verdict
from termai.environment.listeners import Listener
from termai.environment.reading import ROOT
from termai.text import one_line

DEFAULT = 8080

_MOST = 30
_TRIED = 200  # as many as servers try
_NUMERIC = socket.AI_NUMERICHOST


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that a server will listen on: who wants it, and whether no other port will do."""

    port: int
    host: str = "127.0.0.1"
    who: str = ""
    must: bool = False


def by_default() -> Sequence[Wanted]:
    """Return the port that a profile has unless it names one."""
    return (Wanted(DEFAULT),)


def no_servers() -> Mapping[int, str]:
    """Return the servers of termai by port: none."""
    return {}


def ports(
    wanted: Callable[[], Sequence[Wanted]] = by_default,
    ours: Callable[[], Mapping[int, str]] = no_servers,
    root: Path = ROOT,
) -> Iterator[Finding]:
    """Yield a finding for each wanted port that is taken or closed, one for those that are free.

    ``ours`` returns the names of termai's running servers by port: those are no surprise.
    """
    running, free = ours(), []
    for port, who in _by_port(wanted()).items():
        if port in running:
            sentence = f"termai's server {one_line(running[port], 40)} listens on it."
            yield Finding(f"Port {port}", Verdict.OK, sentence)
        elif refusal := _refusal(who[0]):
            yield _told(port, who, refusal, listeners.of_port(port, root))
        else:
            free.append(port)
    if free:
        numbers = ", ".join(str(port) for port in free)
        yield Finding("Free ports", Verdict.OK, f"Servers can listen on {numbers}.")


def _by_port(wanted: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    found: dict[int, list[Wanted]] = {}
    for one in sorted(wanted, key=lambda one: (one.port, one.who)):
        if 0 < one.port < 65536:
            found.setdefault(one.port, []).append(one)
    return dict(list(found.items())[:_MOST])


def _next_free(wanted: Wanted) -> str:
    """Return the next port that a server could listen on, empty for none of the next ones."""
    last = min(wanted.port + _TRIED, 65535)
    numbers = range(wanted.port + 1, last + 1)
    return next((str(one) for one in numbers if not _refusal(replace(wanted, port=one))), "")


def _refusal(wanted: Wanted) -> int:
    """Return the error's number when a server could not listen, 0 when it could."""
    try:
        found = socket.getaddrinfo(
            wanted.host.strip("[]"), wanted.port, type=socket.SOCK_STREAM, flags=_NUMERIC
        )
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", 0)
        return number if number in (errno.EADDRINUSE, errno.EACCES) else 0
    return 0


def _told(port: int, who: Sequence[Wanted], refusal: int, holder: Listener | None) -> Finding:
    name = f"Port {port}"
    by = f", which {_named(who)}" if any(one.who for one in who) else ""
    must = any(one.must for one in who)
    following = "" if must else _next_free(who[0])
    otherwise = f" A server takes {following} by itself." if following else ""
    if refusal == errno.EACCES:
        return Finding(
            name,
            Verdict.WARNING,
            f"This user may not listen on it{by}.",
            "Take a port from 1024 on.",
            cause="Ports below 1024 are for root (net.ipv4.ip_unprivileged_port_start).",
        )
    listening = f"{holder.words} listens on it" if holder else "Another program listens on it"
    return Finding(
        name,
        Verdict.WARNING,
        f"{listening}{by}.{otherwise}",
        _ending(holder),
        path=holder.program if holder else "",
    )


def _ending(holder: Listener | None) -> str:
    if holder is None or holder.pid is None:
        return "Set another port in the profile, or end that program."
    own = holder.uid == os.getuid()
    end = f"end that program (`{'' if own else 'sudo '}kill {holder.pid}`)"
    return f"Set another port in the profile, or {end}."


def _named(who: Sequence[Wanted]) -> str:
    """Return who wants a port, with the verb: ``profile a wants``, ``profiles a, b want``."""
    names = [one_line(one.who, 40) for one in who if one.who]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    shown = ", ".join(names[:3])
    return f"profiles {shown}{more} want" if len(names) > 1 else f"profile {shown} wants"
