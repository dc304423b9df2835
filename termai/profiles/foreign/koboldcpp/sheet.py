"""A KoboldCPP file in the making, out of one profile."""

from collections.abc import Mapping
from typing import Any

from termai.profiles.foreign.base import Left, Wanted
from termai.profiles.foreign.keeping import SHORT
from termai.profiles.foreign.rawjson import dumped
from termai.profiles.profile import Profile
from termai.profiles.schema import option
from termai.profiles.values import format_value
from termai.text import one_line

_NO_SUCH = "KoboldCPP has no such setting"


class Sheet:
    """The keys written so far, with each option that was dealt with, whether held or not.

    ``kept`` is what was left of a KoboldCPP file that the profile came from.
    """

    def __init__(self, profile: Profile, wanted: Wanted, kept: Mapping[str, str]) -> None:
        self.profile = profile
        self.wanted = wanted
        self.kept = kept
        self.texts: dict[str, str] = {}
        self.left: list[Left] = []
        self.notes: list[str] = []
        self._done: set[str] = set()

    def value(self, wanted: str) -> Any:
        """Return what the profile sets an option to, None when it does not; that settles it."""
        self._done.add(wanted)
        return self.profile.values.get(wanted)

    def put(self, key: str, value: Any) -> None:
        """Write a key."""
        self.texts[key] = dumped(value)

    def same(self, wanted: str, key: str) -> None:
        """Write an option whose value KoboldCPP takes as it is."""
        value = self.value(wanted)
        if value is not None:
            self.put(key, list(value) if isinstance(value, tuple) else value)

    def file(self, wanted: str, key: str) -> None:
        """Write an option that names a file."""
        value = self.value(wanted)
        if value is not None:
            self.put(key, self.wanted.locate(str(value)))

    def miss(self, wanted: str, why: str = _NO_SUCH) -> None:
        """List an option that KoboldCPP cannot hold."""
        self._done.add(wanted)
        shown = one_line(format_value(option(wanted), self.profile.values.get(wanted)), SHORT)
        self.left.append(Left(wanted, shown, why))

    def undone(self) -> tuple[str, ...]:
        """Return the options that the profile sets and nothing dealt with."""
        return tuple(key for key in self.profile.values if key not in self._done)
