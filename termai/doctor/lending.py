"""Whether the machines that the user's profiles borrow from answer, and who can borrow this one."""

from collections.abc import Iterator

from termai.engines import rpc
from termai.environment.finding import Finding, Verdict
from termai.environment.running import Check
from termai.errors import TermaiError
from termai.profiles.store import list_profiles
from termai.servers import rpc as servers
from termai.text import one_line

GROUP = "Engines"
_SHOWN = 4  # addresses that a sentence names


def borrowed() -> Iterator[Finding]:
    """Yield what is known of the RPC servers in the user's own profiles, nothing without any."""
    users: dict[str, list[str]] = {}
    for profile in list_profiles().profiles:
        for endpoint in () if profile.shipped else profile.value("rpc"):
            users.setdefault(str(endpoint), []).append(profile.name)
    if not users:
        return
    wrong = [one for one in users if not _is_address(one)]
    silent = [*wrong, *rpc.silent(one for one in users if one not in wrong)]
    if not silent:
        count = len(users)
        yield Finding("RPC servers", Verdict.OK, f"All {count} that profiles name answer.")
        return
    named = ", ".join(one_line(one, 60) for one in silent[:_SHOWN])
    needing = sorted({name for one in silent for name in users[one]})
    yield Finding(
        "RPC servers",
        Verdict.WARNING,
        f"Nothing answers at {named}; without it {', '.join(needing[:_SHOWN])} will not start.",
        "Start it on its machine: `termai engines rpc`; or take it out of rpc under [load].",
        cause="The machine is off, its server does not run, or a firewall is between.",
    )


def exposed() -> Iterator[Finding]:
    """Yield a warning for an RPC server of ours that others may reach."""
    open_ones = [one for one in servers.running() if one.exposed]
    if open_ones:
        command = "termai engines rpc --stop"
        yield Finding(
            "RPC server open",
            Verdict.WARNING,
            f"One listens on {open_ones[0].endpoint}, beyond this machine.",
            f"Where you do not trust everybody in that network: {command}",
            cause=rpc.WARNING,
            command=command,
        )


CHECKS = (
    Check("RPC servers", GROUP, borrowed, limit_s=5.0),
    Check("RPC server open", GROUP, exposed),
)


def _is_address(text: str) -> bool:
    try:
        rpc.endpoint(text)
    except TermaiError:
        return False
    return True
