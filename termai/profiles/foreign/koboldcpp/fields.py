"""Values of a KoboldCPP file, read as the types that KoboldCPP means by its keys."""

import math
from collections.abc import Iterator
from typing import Any

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import Source
from termai.profiles.foreign.rawjson import Member, members
from termai.profiles.schema import option
from termai.profiles.values import RefusedValueError, check
from termai.text import one_line
from termai.tomlfile import shown

_SWITCH = {"true": True, "1": True, "false": False, "0": False}


class Fields:
    """The keys of one file; each is marked as used when it is asked for.

    The getters return None for a key that is absent, null or an empty text, which KoboldCPP
    takes for "not set", and accept a number or a switch that was written as a text. They raise
    InvalidFileError that names file, key and what was expected.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.members, self.twice = members(source.text, source.name)
        self._used: set[str] = set()

    @classmethod
    def nested(cls, parent: "Fields", inside: dict[str, Member]) -> "Fields":
        """Return the members of an object inside ``parent``'s file."""
        made = cls.__new__(cls)
        made.source, made.members, made.twice, made._used = parent.source, inside, (), set()
        return made

    def has(self, key: str) -> bool:
        """Tell whether the key is there and says something."""
        return key in self.members and self.members[key].value is not None

    def raw(self, key: str) -> str:
        """Return the value's text in the file, empty when the key is absent."""
        return self.members[key].raw if key in self.members else ""

    def use(self, *keys: str) -> None:
        """Mark keys as used."""
        self._used.update(keys)

    def unused(self) -> Iterator[tuple[str, Member]]:
        """Return what nobody asked for, in the order of the file."""
        return ((key, value) for key, value in self.members.items() if key not in self._used)

    def wrong(self, key: str, expected: str, value: Any = None) -> InvalidFileError:
        """Return the error for ``key``."""
        found = "" if value is None else f", found {shown(value)}"
        return InvalidFileError(
            f"{self.source.name}: {one_line(key, 60)}: expected {expected}{found}."
        )

    def get(self, key: str) -> Any:
        """Return the value as it is, None for an empty text."""
        self._used.add(key)
        value = self.members[key].value if key in self.members else None
        return None if value == "" else value

    def whole(self, key: str) -> int | None:
        """Return a whole number."""
        value = self.get(key)
        number = self._number(value)
        if value is None:
            return None
        if number is None or not number.is_integer():
            raise self.wrong(key, "a whole number", value)
        return int(number)

    def number(self, key: str) -> float | None:
        """Return a finite number."""
        value = self.get(key)
        number = self._number(value)
        if value is not None and number is None:
            raise self.wrong(key, "a number", value)
        return number

    def switch(self, key: str) -> bool | None:
        """Return a switch, which some versions wrote as 0 or 1."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return value
        said = _SWITCH.get(str(value).lower())
        if said is None:
            raise self.wrong(key, "true or false", value)
        return said

    def text(self, key: str) -> str | None:
        """Return a text."""
        value = self.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self.wrong(key, "a text", value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text counts as a list of it, numbers count as texts."""
        value = self.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(item, str | int) for item in items):
            raise self.wrong(key, "a list of texts", value)
        return tuple(str(item) for item in items if item != "")

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers."""
        value = self.get(key)
        items = value if isinstance(value, list) else [] if value is None else [value]
        read = [self._number(item) for item in items]
        numbers = tuple(number for number in read if number is not None)
        if len(numbers) != len(items):
            raise self.wrong(key, "a list of numbers", value)
        return numbers

    def checked(self, key: str, wanted: str, value: Any) -> Any:
        """Return ``value`` of ``key`` as termai's option ``wanted`` takes it."""
        try:
            return check(option(wanted), value)
        except RefusedValueError as error:
            raise self.wrong(key, error.expected.removeprefix("expected ")) from error

    @staticmethod
    def _number(value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None
