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
    defaults, which a restart changes). later: those that say how it is started and change nothing
    in what runs.
    """

    restart: tuple[Difference, ...] = ()
    live: tuple[Difference, ...] = ()
    later: tuple[Difference, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.restart or self.live or self.later)


def changes(server: Server, profile: Profile) -> Changes:
    """Return what ``profile`` says otherwise than ``server`` was started with.

    What no server is started with (description, what is kept for other programs, arguments of
    another engine) is no difference, nor is ``auto`` for the engine that runs, nor an option that
    says its default, which is what it is without. Raises UsageError where the record of the start
    holds an option that is unknown.
    """
    recorded = recorded_profile(server)
    fixed = overridden(server)
    restart, live, later = [], [], []
    for one in differences(recorded, profile):
        if one.key.partition(".")[2] == _AT_A_START:
            later.append(one)
        elif _is_live(one, fixed):
            live.append(one)
        elif _matters(one, server) and not _same(one, recorded, profile):
            restart.append(one)
    return Changes(tuple(restart), tuple(live), tuple(later))


def _matters(difference: Difference, server: Server) -> bool:
    section, _, key = difference.key.partition(".")
    if section in _WITHOUT_EFFECT:
        return False
    if difference.key == "engine":
        return difference.after not in (None, AUTO)
    return not (section == "args" and key in ENGINES and key != server.engine)


def _is_live(difference: Difference, fixed: frozenset[str]) -> bool:
    """Return whether a difference is in force without a start; ``fixed`` was given for one."""
    option = difference.option
    return option is not None and is_live(option) and option.key not in fixed


def _same(difference: Difference, one: Profile, other: Profile) -> bool:
    """Return whether an engine is told the same: a value that is the default is not passed on."""
    option = difference.option
    return option is not None and bool(one.value(option.key) == other.value(option.key))
