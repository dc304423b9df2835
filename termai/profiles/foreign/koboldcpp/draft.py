"""A profile in the making, out of one KoboldCPP file."""

from typing import Any

from termai.profiles.foreign.base import Left
from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.koboldcpp.places import hub_reference, is_address, reference
from termai.profiles.values import LINE_LIMIT, is_prose
from termai.text import one_line, without_user

SHORT = 60


class Draft:
    """What was understood so far; ``kept`` holds texts of keys that were understood in part."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.values: dict[str, Any] = {}
        self.args: list[str] = []
        self.env: dict[str, str] = {}
        self.kept: dict[str, str] = {}
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

    def file(self, wanted: str, key: str) -> None:
        """Set an option to the file that ``key`` names."""
        named = self.fields.text(key)
        if named is not None:
            self.set(wanted, key, self.found(key, named))

    def found(self, key: str, named: str) -> str | None:
        """Return a file's reference, None for an address, which is kept for KoboldCPP."""
        if not is_address(named):
            return reference(named, self.fields.source)
        self.kept[key] = self.fields.raw(key)
        if key in ("model", "model_param") and (hub := hub_reference(named)):
            pull = hub.removeprefix("hub:")
            self.notes.append(
                f"KoboldCPP would download the model; here `termai pull {one_line(pull)}` does."
            )
            return hub
        because = "an address; download the file first and name it then"
        self.left.append(Left(key, one_line(without_user(named), SHORT), because, kept=True))
        return None

    def quiet(self, key: str) -> None:
        """Keep a key without a word, if it is there."""
        if key in self.fields.members:
            self.kept[key] = self.fields.raw(key)
