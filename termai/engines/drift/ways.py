"""What a flag of [args] could be written as, so that it says the same to the program."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from termai.engines import extras
from termai.engines.arguments import lacks
from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.engines.drift.taken import taken
from termai.engines.drift.words import Item
from termai.profiles import flags
from termai.profiles.profile import Profile
from termai.profiles.schema import Kind, option

_GATHERED = frozenset({"lora", "override_kv", "override_tensor"})
_ON = frozenset({"on", "true", "enabled", "1"})


@dataclass(frozen=True, slots=True)
class Way:
    """What a flag could be written as: other words, or options, both empty to leave it out.

    changes: whether that is sure enough to change the profile by it.
    """

    successor: str = ""
    words: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = True


class Ways:
    """Finds the ways of one item after the other; all share the profile and the program."""

    def __init__(self, profile: Profile, binary: Detection, found: Sequence[Item]) -> None:
        self._profile = profile
        self._binary = binary
        meanings = [flags.meaning(item.flag) for item in found if item.flag]
        self._times = Counter(meaning.option.key for meaning in meanings if meaning)
        self._spec_type = _spec_type(profile, found)
        self._has_path = profile.is_set("path") or self._times["path"] > 1

    def option_of(self, item: Item) -> Way | None:
        """Return the option that a flag stands for, unless it could then say something else."""
        meaning = flags.meaning(item.flag)
        if meaning is None:
            return None
        if meaning.option.key == "path" and item.flag not in extras.OWN and self._has_path:
            return None
        if item.surplus and not meaning.takes:
            if item.values[0] == "auto":
                return None
            on = item.values[0] in _ON
            return self._as_option({k: v if on else not v for k, v in meaning.values.items()})
        if item.missing and not meaning.values:
            return None
        return self._read((item.flag, *item.values))

    def lost(self, item: Item, as_option: Way | None) -> Way | None:
        """Return what to write for a flag that the program does not know, or not any more."""
        found = self._succeeded(item, as_option) or self.renamed(item)
        return found or self._other_spelling(item)

    def renamed(self, item: Item) -> Way | None:
        """Return what became of a flag, where that is known for its very values."""
        renamed = renames.of(item.flag)
        if renamed is None or item.missing or len(item.values) > renamed.takes:
            return None
        words = renamed.words(item.values)
        if words is None:
            return None
        if words:
            return self._fitting(words)
        return Way(renamed.successor)

    def mended(self, item: Item) -> Way | None:
        """Return a flag that is no option as the program takes it, if its meaning is clear."""
        about = self._binary.help[item.flag]
        if item.glued:
            return Way(words=(item.flag, *item.values)) if about.takes else None
        if item.surplus and about.takes:
            return Way(words=(item.flag, ":".join(item.values)))
        if item.surplus:
            return Way(words=(item.flag,)) if item.values[0] in _ON else None
        takes = taken(about)
        if item.missing and takes and "on" in takes.values:
            return Way(words=(item.flag, "on"))
        return None

    def _read(self, words: tuple[str, ...]) -> Way | None:
        read = flags.read(words)
        return None if read.args or read.left else self._as_option(read.values)

    def _as_option(self, values: Mapping[str, Any]) -> Way | None:
        if not values or not all(self._can_be_set(key, value) for key, value in values.items()):
            return None
        changed = self._profile.with_values(**values)
        if any(lacks(option(key), changed, self._binary) for key in values):
            return None
        successor = ", ".join(f"{option(key).section}.{key}" for key in values)
        return Way(successor, values=values)

    def _can_be_set(self, key: str, value: Any) -> bool:
        """Tell whether an option does what the flag does: files are looked for elsewhere."""
        declared = option(key)
        if key in _GATHERED and (self._profile.is_set(key) or self._times[key] > 1):
            return False
        if declared.kind is Kind.ADAPTERS:
            return all(_is_absolute(adapter.path) for adapter in value)
        return declared.kind is not Kind.PATH or _is_absolute(value)

    def _succeeded(self, item: Item, as_option: Way | None) -> Way | None:
        """Return what takes the place of a removed flag: by its help, or the option it is."""
        named = self._binary.removed.get(item.flag, ())
        mine = [flag for flag in named if flag.startswith(f"--spec-{self._spec_type}-")]
        if item.missing or (as_option and not mine):
            return as_option
        only = mine or list(named)
        return self._fitting((only[0], *item.values)) if len(only) == 1 else None

    def _other_spelling(self, item: Item) -> Way | None:
        spellings = (flag for flag in renames.same(item.flag) if flag in self._binary.options)
        other = next(spellings, "")
        if not other or bool(item.values) != self._binary.takes_value(other):
            return None
        return self._fitting((other, *item.values))

    def _fitting(self, words: tuple[str, ...]) -> Way | None:
        """Return words as options, or as they are where the program knows their flag."""
        way = self._read(words)
        if way:
            return way
        return Way(words[0], words) if words[0] in self._binary.options else None


def _spec_type(profile: Profile, found: Sequence[Item]) -> str:
    told = [item.values[0] for item in found if item.flag == "--spec-type" and item.values]
    return told[-1] if told else str(profile.values.get("spec_type", ""))


def _is_absolute(value: Any) -> bool:
    return str(value).startswith(("/", "~", "hub:"))
