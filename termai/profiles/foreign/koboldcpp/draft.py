"""A profile in the making, out of one KoboldCPP file."""

from typing import Any

from termai.profiles.foreign.base import Left
from termai.profiles.foreign.keeping import SHORT, Keeping
from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.koboldcpp.places import hub_reference, is_address, reference
from termai.profiles.values import LINE_LIMIT, is_prose
from termai.text import one_line, without_user

NAME = "koboldcpp"


class Draft:
    """What was understood so far.

    kept: texts of keys for an export back to KoboldCPP, with those that are listed. left: what
    is listed and not kept.
    """

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.values: dict[str, Any] = {}
        self.args: list[str] = []
        self.env: dict[str, str] = {}
        self.kept = Keeping(NAME)
        self.left: list[Left] = []
        self.notes: list[str] = []

    def set(self, wanted: str, key: str, value: Any) -> None:
        """Set an option to what ``key`` says; None sets nothing."""
        checked = None if value is None else self.fields.checked(key, wanted, value)
        if checked is not None:
            self.values[wanted] = checked

    def arg(self, key: str, flag: str, value: str) -> None:
        """Pass a flag of llama-server on that no option of termai stands for."""
        if not is_prose(value, LINE_LIMIT):
            raise self.fields.wrong(key, "a text without control characters", value)
        self.args += [flag, value]

    def file(self, wanted: str, key: str, named: str | None) -> None:
        """Set an option to the file that ``key`` names, if it names one."""
        if named is not None:
            self.set(wanted, key, self.found(key, named))

    def found(self, key: str, named: str) -> str | None:
        """Return a file's reference, None for an address, which is kept for KoboldCPP."""
        if not is_address(named):
            return reference(named, self.fields.source)
        if key in ("model", "model_param") and (hub := hub_reference(named)):
            self.quiet(key)
            pull = hub.removeprefix("hub:")
            self.notes.append(
                f"KoboldCPP would download the model; here `termai pull {one_line(pull)}` does."
            )
            return hub
        self.keep(key, "it is an address: download the file and name it then", without_user(named))
        return None

    def keep(self, key: str, why: str, value: str | None = None) -> None:
        """Keep a key that no option holds, and list it; ``value`` is shown instead of its text."""
        self.kept.keep(key, self.fields.raw(key), why, value)

    def quiet(self, key: str) -> None:
        """Keep a key without a word, if it is there."""
        if key in self.fields.members:
            self.kept.keep(key, self.fields.raw(key))

    def miss(self, key: str, value: str, why: str) -> None:
        """List a part of a key that is not kept either."""
        self.left.append(Left(key, one_line(value, SHORT), why))
