"""A launch profile: what one server is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from termai.errors import UsageError
from termai.profiles.schema import AUTO, REMOTE, option
from termai.profiles.values import check
from termai.text import without_user


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of options; what is not set is left to the engine.

    path: the file it was read from, None for one that is not saved yet.
    shipped: whether it comes with termai; saving it makes a copy of the user's own.
    values: what is set, by option key, in the form ``values.check`` returns.
    args: further arguments per engine, passed on as they are.
    env: environment of the server's process.
    kept: what other programs' files say that no option holds, per format of
        ``profiles.foreign`` and key, each in the very text of the file; it goes back into an
        export to that format and decides nothing else.
    revision: which content of ``path`` this was read from, so that a save notices when
        somebody else has changed the file meanwhile; empty for a new profile.
    """

    name: str
    path: Path | None = None
    shipped: bool = False
    description: str = ""
    engine: str = AUTO
    values: Mapping[str, Any] = field(default_factory=dict)
    args: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    revision: str = ""

    def value(self, key: str) -> Any:
        """Return what ``key`` is set to, or the option's default; UsageError if unknown."""
        return self.values[key] if key in self.values else option(key).default

    def is_set(self, key: str) -> bool:
        """Tell whether the profile itself says something about ``key``."""
        return key in self.values

    def with_values(self, **changes: Any) -> "Profile":
        """Return the profile with options changed; ``None`` unsets one.

        Raises UsageError for an unknown key and for a value that its option does not take.
        """
        checked = {key: _checked(key, value) for key, value in changes.items()}
        merged = {**self.values, **checked}
        return replace(self, values={k: v for k, v in merged.items() if v is not None})

    @property
    def served(self) -> str:
        """What lists show as its model: a reference, or another server's model and address."""
        if self.engine != REMOTE:
            return str(self.values.get("path", ""))
        named = (self.values.get("alias"), without_user(str(self.values.get("url", ""))))
        return " at ".join(str(text) for text in named if text)

    def model_reference(self) -> str:
        """Return ``model.path``; UsageError with what to type when the profile names no model."""
        reference = self.values.get("path", "")
        if not reference:
            raise UsageError(
                f"The profile {self.name} names no model.",
                fix=f"Say which: termai start {self.name} --set path=FILE.gguf; or make a "
                "profile of your own with model.path in it.",
            )
        return str(reference)


def _checked(key: str, value: Any) -> Any:
    declared = option(key)
    return None if value is None else check(declared, value)
