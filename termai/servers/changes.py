"""What a profile says otherwise than a server was started with, and what that takes."""

from dataclasses import dataclass

from termai.profiles.diff import Difference, differences
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, ENGINES
from termai.servers.launching import recorded_profile
from termai.servers.overriding import is_live, overridden
from termai.servers.records import Server

_AT_A_START = "port_strict"
_WITHOUT_EFFECT = frozenset({"description", "kept"})


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences between a server and a profile, ``before`` being what the server has.

    restart: those that take effect only when it is started again. live: those that need no
    restart: termai's chat sends them with each request (other programs get them as the server's
    defaults, which a restart changes), or they matter only at a start.
    """

    restart: tuple[Difference, ...] = ()
    live: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.restart or self.live)


def changes(server: Server, profile: Profile) -> Changes:
    """Return what ``profile`` says otherwise than ``server`` was started with.

    What no server is started with (description, what is kept for other programs, arguments of
    another engine) is no difference, nor is ``auto`` for the engine that runs. Raises UsageError
    where the record of the start holds an option that is unknown.
    """
    found = [d for d in differences(recorded_profile(server), profile) if _matters(d, server)]
    fixed = overridden(server)
    live = [one for one in found if _needs_no_restart(one, fixed)]
    return Changes(tuple(one for one in found if one not in live), tuple(live))


def _matters(difference: Difference, server: Server) -> bool:
    section, _, key = difference.key.partition(".")
    if section in _WITHOUT_EFFECT:
        return False
    if difference.key == "engine":
        return difference.after not in (None, AUTO)
    return not (section == "args" and key in ENGINES and key != server.engine)


def _needs_no_restart(difference: Difference, fixed: frozenset[str]) -> bool:
    """Return whether a difference is in force without a start; ``fixed`` was given for one."""
    option = difference.option
    if option is None:
        return False
    return option.key == _AT_A_START or (is_live(option) and option.key not in fixed)
