"""The check of [args]: flags that the program does not know, and those that are options now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from termai.engines import extras
from termai.engines.arguments import lacks
from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.engines.drift.found import ARGS, Change, Drift, named
from termai.engines.drift.taken import NUMBERS, is_number, taken
from termai.engines.drift.words import Item, State, items
from termai.profiles import flags
from termai.profiles.profile import Profile
from termai.profiles.reading import SECRET_FLAGS
from termai.profiles.schema import NATIVE, Kind, option
from termai.text import one_line

_SHOWN = 60
_GATHERED = frozenset({"lora", "override_kv", "override_tensor"})
_REFUSED_HERE = frozenset({*extras.OWN, *SECRET_FLAGS})
_ON = frozenset({"on", "true", "enabled", "1"})


@dataclass(frozen=True, slots=True)
class _Way:
    """What a flag could be written as: other words, or options, both empty to leave it out.

    changes: whether that is sure enough to change the profile by it.
    """

    successor: str = ""
    words: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = True


def check_args(profile: Profile, binary: Detection) -> tuple[Drift, ...]:
    """Return what is wrong with the profile's arguments for llama-server, in their order."""
    given = tuple(profile.args.get(NATIVE, ()))
    found = list(items(given, binary))
    checker = _Checker(profile, binary, given, found)
    drifts = [checker.drift(item) for item in found]
    return tuple(drift for drift in _steady(found, drifts) if drift)


def _steady(found: list[Item], drifts: list[Drift | None]) -> list[Drift | None]:
    """Return the findings, without the changes that would give a stray word another flag."""
    kept = False
    steady: list[Drift | None] = []
    for index, drift in enumerate(drifts, 1):
        change = drift.change if drift else None
        stray = index < len(found) and found[index].state is State.STRAY
        if drift and change and stray and (change.words or kept):
            drift, change = replace(drift, change=None), None
        kept = kept or change is None or bool(change.words)
        steady.append(drift)
    return steady


class _Checker:
    """Looks at one item after the other; all of them share the profile and the program."""

    def __init__(
        self, profile: Profile, binary: Detection, given: tuple[str, ...], found: list[Item]
    ) -> None:
        self.profile = profile
        self.binary = binary
        self.given = given
        self.name = named(binary)
        meanings = [flags.meaning(item.flag) for item in found if item.flag]
        self.times = Counter(meaning.option.key for meaning in meanings if meaning)
        self.spec_type = self._spec_type(found)
        self._has_path = profile.is_set("path") or self.times["path"] > 1

    def drift(self, item: Item) -> Drift | None:
        """Return what there is to say of one item."""
        if item.state is State.STRAY:
            word = one_line(self.given[item.start], _SHOWN)
            return self._say(item, f"{word!r} belongs to no flag, and {NATIVE} ends at it.")
        if item.flag in SECRET_FLAGS:
            text = f"{item.flag} shows its value to everybody on this machine."
            return self._say(item, f"{text} {SECRET_FLAGS[item.flag]}")
        way = self._option(item)
        if item.flag in extras.OWN:
            text = f"{item.flag} is set by termai itself. {extras.OWN[item.flag]}"
            return self._say(item, text, way)
        if item.state is State.KNOWN:
            return self._known(item, way)
        return self._lost(item, way)

    def _say(self, item: Item, text: str, way: _Way | None = None, *, fatal: bool = True) -> Drift:
        change = None
        if way and way.changes:
            change = Change(self.given, item.start, item.stop, way.words, way.values)
        text += self._overrides(way) if change and way else ""
        shown = one_line(self.given[item.start].partition("=")[0], _SHOWN)
        fatal = fatal and (self.binary.complete or item.flag in _REFUSED_HERE)
        return Drift(ARGS, shown, text, way.successor if way else "", fatal, change)

    def _known(self, item: Item, way: _Way | None) -> Drift | None:
        about = self.binary.help[item.flag]
        deprecated = "DEPRECATED" in about.text
        text = self._mistake(item) or ("" if deprecated else self._no_number(item))
        if text:
            way = way or (self._renamed(item) if deprecated else self._mended(item))
            return self._say(item, text, way, fatal=self._ends(item))
        if deprecated:
            return self._deprecated(item, way)
        takes = taken(about)
        if takes and item.values and takes.refuses(item.values[0]):
            value = one_line(item.values[0], _SHOWN)
            text = f"{item.flag} takes {', '.join(takes.values)} in {self.name}, not {value!r}."
            return self._say(item, text, fatal=takes.sure)
        if way is None:
            return None
        text = f"{item.flag} is an option of termai: {way.successor}."
        found = self._say(item, text, way, fatal=False)
        return replace(found, hint=found.problem == text)

    def _deprecated(self, item: Item, way: _Way | None) -> Drift:
        way = way or self._renamed(item)
        instead = self._instead(way, renames.of(item.flag))
        text = f"{item.flag} is deprecated in {self.name}"
        return self._say(item, f"{text}: {instead}." if instead else f"{text}.", way, fatal=False)

    def _mistake(self, item: Item) -> str:
        """Return how a flag that the program knows is used in a way that it does not take."""
        takes = self.binary.help[item.flag].takes
        if item.glued:
            return f"{NATIVE} takes no `=` behind {item.flag}: the value is a word of its own."
        if item.surplus and not takes:
            return f"{item.flag} takes no value in {self.name}."
        if item.surplus:
            return f"{item.flag} takes FILE:SCALE in one word in {self.name}."
        if item.missing:
            return f"{item.flag} needs a value in {self.name}."
        return ""

    def _no_number(self, item: Item) -> str:
        """Return what is wrong with a value that is read as a number and is none."""
        takes = self.binary.help[item.flag].takes.split()
        for kind, value in zip(takes, item.values, strict=False):
            if kind in NUMBERS and not self._is_number(item.flag, value):
                return f"{item.flag} needs a number, not {one_line(value, _SHOWN)!r}."
        return ""

    def _is_number(self, flag: str, value: str) -> bool:
        """Tell whether a value is a number, or one of the words that the help names for it."""
        return is_number(value) or f"'{value}'" in self.binary.help[flag].text

    def _ends(self, item: Item) -> bool:
        """Tell whether a mistake ends the program; as a text, it takes even the next flag."""
        about = self.binary.help[item.flag]
        if not item.missing or item.stop == len(self.given):
            return True
        pair = item.missing + len(item.values) > 1
        return pair or about.takes in NUMBERS or taken(about) is not None

    def _mended(self, item: Item) -> _Way | None:
        """Return a flag that is no option as the program takes it, if its meaning is clear."""
        about = self.binary.help[item.flag]
        if item.glued:
            return _Way(words=(item.flag, *item.values)) if about.takes else None
        if item.surplus and about.takes:
            return _Way(words=(item.flag, ":".join(item.values)))
        if item.surplus:
            return _Way(words=(item.flag,)) if item.values[0] in _ON else None
        takes = taken(about)
        if item.missing and takes and "on" in takes.values:
            return _Way(words=(item.flag, "on"))
        return None

    def _lost(self, item: Item, way: _Way | None) -> Drift:
        """Return the finding for a flag that the program does not know, or not any more."""
        renamed = renames.of(item.flag)
        way = self._succeeded(item, way) or self._renamed(item) or self._other_spelling(item)
        instead = self._instead(way, renamed) or " or ".join(self.binary.removed.get(item.flag, ()))
        gone = instead and (item.state is State.REMOVED or (renamed and renamed.source))
        about = f"{self.name} {'no longer knows' if gone else 'does not know'} {item.flag}"
        if instead:
            source = f" ({renamed.source})" if renamed and renamed.source else ""
            return self._say(item, f"{about}: {instead}{source}.", way)
        if flags.meaning(item.flag):
            return self._say(item, f"{about}, and has nothing else that does the same.")
        near = _nearest(item.flag, self.binary.options)
        text = f"{one_line(about, 200)}.{f' Did you mean {near}?' if near else ''}"
        return self._say(item, text, _Way(near, changes=False))

    def _option(self, item: Item) -> _Way | None:
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

    def _read(self, words: tuple[str, ...]) -> _Way | None:
        read = flags.read(words)
        return None if read.args or read.left else self._as_option(read.values)

    def _as_option(self, values: Mapping[str, Any]) -> _Way | None:
        if not values or not all(self._can_be_set(key, value) for key, value in values.items()):
            return None
        changed = self.profile.with_values(**values)
        if any(lacks(option(key), changed, self.binary) for key in values):
            return None
        successor = ", ".join(f"{option(key).section}.{key}" for key in values)
        return _Way(successor, values=values)

    def _can_be_set(self, key: str, value: Any) -> bool:
        """Tell whether an option does what the flag does: files are looked for elsewhere."""
        declared = option(key)
        if key in _GATHERED and (self.profile.is_set(key) or self.times[key] > 1):
            return False
        if declared.kind is Kind.ADAPTERS:
            return all(_is_absolute(adapter.path) for adapter in value)
        return declared.kind is not Kind.PATH or _is_absolute(value)

    def _succeeded(self, item: Item, option: _Way | None) -> _Way | None:
        """Return what takes the place of a removed flag: by its help, or the option it is."""
        named = self.binary.removed.get(item.flag, ())
        mine = [flag for flag in named if flag.startswith(f"--spec-{self.spec_type}-")]
        if item.missing or (option and not mine):
            return option
        only = mine or list(named)
        return self._fitting((only[0], *item.values)) if len(only) == 1 else None

    def _renamed(self, item: Item) -> _Way | None:
        renamed = renames.of(item.flag)
        if renamed is None or item.missing or len(item.values) > renamed.takes:
            return None
        words = renamed.words(item.values)
        if words is None:
            return None
        if words:
            return self._fitting(words)
        return _Way(renamed.successor)

    def _other_spelling(self, item: Item) -> _Way | None:
        spellings = (flag for flag in renames.same(item.flag) if flag in self.binary.options)
        other = next(spellings, "")
        if not other or bool(item.values) != self.binary.takes_value(other):
            return None
        return self._fitting((other, *item.values))

    def _fitting(self, words: tuple[str, ...]) -> _Way | None:
        """Return words as options, or as they are where the program knows their flag."""
        way = self._read(words)
        if way:
            return way
        return _Way(words[0], words) if words[0] in self.binary.options else None

    def _instead(self, way: _Way | None, renamed: renames.Rename | None) -> str:
        """Return the clause that says what to do in place of a flag, empty when nobody knows."""
        if way and (way.words or way.values):
            return f"use {way.successor}"
        if renamed is None or renamed.why:
            return renamed.why if renamed else ""
        return f"use {renamed.successor}" if renamed.successor in self.binary.options else ""

    def _overrides(self, way: _Way) -> str:
        values = way.values.items()
        other = [key for key, value in values if self.profile.values.get(key, value) != value]
        return f" It overrides what the profile says of {', '.join(other)}." if other else ""

    def _spec_type(self, found: list[Item]) -> str:
        told = [item.values[0] for item in found if item.flag == "--spec-type" and item.values]
        return told[-1] if told else str(self.profile.values.get("spec_type", ""))


def _is_absolute(value: Any) -> bool:
    return str(value).startswith(("/", "~", "hub:"))


@lru_cache(maxsize=256)
def _nearest(flag: str, known: frozenset[str]) -> str:
    """Return the flag that an unknown one is most like, or an empty text."""
    import difflib

    long = [other for other in known if other.startswith("--")]
    close = difflib.get_close_matches(flag[:_SHOWN], sorted(long), n=1, cutoff=0.75)
    return close[0] if close else ""
