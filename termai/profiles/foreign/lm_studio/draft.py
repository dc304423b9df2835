"""A profile in the making, out of one LM Studio preset."""

from typing import Any

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import Left, Source
from termai.profiles.foreign.keeping import SHORT, Keeping, shown_value
from termai.profiles.foreign.lm_studio.document import Said
from termai.profiles.schema import Kind, option
from termai.profiles.values import RefusedValueError, check
from termai.text import one_line
from termai.tomlfile import shown

NAME = "lm-studio"


class Draft:
    """What was understood so far: option values, environment, what is kept, what to say of it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.values: dict[str, Any] = {}
        self.env: dict[str, str] = {}
        self.notes: list[str] = []
        self.keeping = Keeping(NAME)

    def wrong(self, said: Said, expected: str) -> InvalidFileError:
        """Return the error for a field."""
        key = one_line(said.key, SHORT)
        return InvalidFileError(
            f"{self.source.name}: {key}: expected {expected}, found {shown(said.value)}."
        )

    def set(self, wanted: str, value: Any, said: Said) -> None:
        """Set an option to what a field says, an empty text or list sets nothing.

        A whole number may be written with a fraction of zero. Raises InvalidFileError.
        """
        whole = option(wanted).kind is Kind.WHOLE
        if whole and isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            checked = check(option(wanted), value)
        except RefusedValueError as error:
            expected = error.expected.removeprefix("expected ").partition(", found")[0]
            raise self.wrong(said, expected) from error
        if checked is not None:
            self.values[wanted] = checked

    def quiet(self, said: Said) -> None:
        """Keep a field without a word."""
        self.keeping.keep(said.kept_as, said.raw, called=said.key)

    def leave(self, said: Said, why: str) -> None:
        """Keep a field that no option is, and list it."""
        self.keeping.keep(said.kept_as, said.raw, why, called=said.key)

    def miss(self, said: Said, why: str) -> None:
        """List a field that is not kept."""
        value = shown_value(said.key, said.raw)
        self.keeping.left.append(Left(one_line(said.key, SHORT), value, why))

    def switch(self, said: Said) -> bool:
        """Return a field that is true or false."""
        if isinstance(said.value, bool):
            return said.value
        raise self.wrong(said, "true or false")
