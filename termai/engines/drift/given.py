"""The check of [args]: flags that the program does not know, and those that are options now."""

from dataclasses import replace
from functools import lru_cache

from termai.engines import extras
from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.engines.drift.contents import is_elsewhere, wrong_value
from termai.engines.drift.found import ARGS, Change, Drift, named
from termai.engines.drift.mistakes import ends, mistake, no_number
from termai.engines.drift.taken import taken
from termai.engines.drift.ways import Way, Ways
from termai.engines.drift.words import Item, State, items
from termai.profiles import flags
from termai.profiles.kept import is_key
from termai.profiles.profile import Profile
from termai.profiles.reading import SECRET_FLAGS
from termai.profiles.schema import NATIVE
from termai.text import one_line

_SHOWN = 60
_PRINT = frozenset(
    {"-h", "--help", "--usage", "--version", "--list-devices", "-cl", "--cache-list"}
    | {"--completion-bash"}
)
_REFUSED_HERE = frozenset({*extras.OWN, *SECRET_FLAGS})


def check_args(profile: Profile, binary: Detection) -> tuple[Drift, ...]:
    """Return what is wrong with the profile's arguments for llama-server, in their order."""
    given = tuple(profile.args.get(NATIVE, ()))
    found = list(items(given, binary))
    checker = _Checker(profile, binary, given, found)
    drifts = [checker.drift(item) for item in found]
    return tuple(drift for drift in _steady(found, drifts) if drift)


def _steady(found: list[Item], drifts: list[Drift | None]) -> list[Drift | None]:
    """Return the findings, without the changes that would give a word to another flag.

    So would one that takes words away between a flag that lacks a value and what follows, and one
    before a stray word.
    """
    kept = lacking = False
    steady: list[Drift | None] = []
    for index, drift in enumerate(drifts, 1):
        change = drift.change if drift else None
        stray = index < len(found) and found[index].state is State.STRAY
        leaves_gap = lacking and change is not None and not change.words
        if drift and change and ((stray and (change.words or kept)) or leaves_gap):
            drift, change = replace(drift, change=None), None
        stays = change is None or bool(change.words)
        kept = kept or stays
        lacking = found[index - 1].missing > 0 if stays else lacking
        steady.append(drift)
    return steady


def shown_flag(word: str) -> str:
    """Return how a finding names the flag that a word of [args] is, without its value."""
    return one_line(word.partition("=")[0], _SHOWN)


class _Checker:
    """Looks at one item after the other; all of them share the profile and the program."""

    def __init__(
        self, profile: Profile, binary: Detection, given: tuple[str, ...], found: list[Item]
    ) -> None:
        self.profile = profile
        self.binary = binary
        self.given = given
        self.name = named(binary)
        self.ways = Ways(profile, binary, found)

    def drift(self, item: Item) -> Drift | None:
        """Return what there is to say of one item."""
        if any(map(is_key, self.given[item.start : item.stop])):
            return self._key(item)
        if item.state is State.STRAY:
            word = one_line(self.given[item.start], _SHOWN)
            return self._say(item, f"{word!r} belongs to no flag, and {NATIVE} ends at it.")
        if item.flag in SECRET_FLAGS:
            text = f"{item.flag} shows its value to everybody on this machine."
            return self._say(item, f"{text} {SECRET_FLAGS[item.flag]}")
        way = self.ways.option_of(item)
        if item.flag in extras.OWN:
            text = f"{item.flag} is set by termai itself. {extras.OWN[item.flag]}"
            return self._say(item, text, way)
        if item.state is State.KNOWN:
            return self._known(item, way)
        return self._lost(item, way)

    def _key(self, item: Item) -> Drift:
        """Return the finding for a key among words, which it does not show."""
        text = "everybody on this machine could read it."
        text = f"A value{f' of {item.flag}' if item.flag else ''} is a key, and {text}"
        shown = item.flag or ARGS
        return Drift(ARGS, shown, f"{text} {extras.ELSEWHERE}", fatal=True)

    def _say(self, item: Item, text: str, way: Way | None = None, *, fatal: bool = True) -> Drift:
        change = None
        if way and way.changes:
            change = Change(self.given, item.start, item.stop, way.words, way.values)
        text += self._overrides(way) if change and way else ""
        shown = shown_flag(self.given[item.start])
        fatal = fatal and (self.binary.complete or item.flag in _REFUSED_HERE)
        return Drift(ARGS, shown, text, way.successor if way else "", fatal, change)

    def _known(self, item: Item, way: Way | None) -> Drift | None:
        about = self.binary.help[item.flag]
        if item.flag in _PRINT:
            return self._say(item, f"{NATIVE} prints something at {item.flag} and ends.", Way())
        deprecated = "DEPRECATED" in about.text
        text = mistake(item, self.binary) or ("" if deprecated else no_number(item, self.binary))
        if text:
            way = way or (self.ways.renamed(item) if deprecated else self.ways.mended(item))
            return self._say(
                item, text, way, fatal=ends(item, self.binary, last=item.stop == len(self.given))
            )
        if deprecated:
            return self._deprecated(item, way)
        takes = taken(about)
        if takes and item.values and takes.refuses(item.values[0]):
            value = one_line(item.values[0], _SHOWN)
            text = f"{item.flag} takes {', '.join(takes.values)} in {self.name}, not {value!r}."
            return self._say(item, text, fatal=takes.sure)
        if text := wrong_value(item, self.profile, self.binary):
            return self._say(item, text, way if is_elsewhere(item.values[0]) else None)
        if way is None:
            return None
        text = f"{item.flag} is an option of termai: {way.successor}."
        found = self._say(item, text, way, fatal=False)
        return replace(found, hint=found.problem == text)

    def _deprecated(self, item: Item, way: Way | None) -> Drift:
        way = way or self.ways.renamed(item)
        instead = self._instead(way, renames.of(item.flag))
        text = f"{item.flag} is deprecated in {self.name}"
        return self._say(item, f"{text}: {instead}." if instead else f"{text}.", way, fatal=False)

    def _lost(self, item: Item, way: Way | None) -> Drift:
        """Return the finding for a flag that the program does not know, or not any more."""
        renamed = renames.of(item.flag)
        way = self.ways.lost(item, way)
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
        return self._say(item, text, Way(near, changes=False))

    def _instead(self, way: Way | None, renamed: renames.Rename | None) -> str:
        """Return the clause that says what to do in place of a flag, empty when nobody knows."""
        if way and (way.words or way.values):
            return f"use {way.successor}"
        if renamed is None or renamed.why:
            return renamed.why if renamed else ""
        return f"use {renamed.successor}" if renamed.successor in self.binary.options else ""

    def _overrides(self, way: Way) -> str:
        values = way.values.items()
        other = [key for key, value in values if self.profile.values.get(key, value) != value]
        return f" It overrides what the profile says of {', '.join(other)}." if other else ""


@lru_cache(maxsize=256)
def _nearest(flag: str, known: frozenset[str]) -> str:
    """Return the flag that an unknown one is most like, or an empty text."""
    import difflib

    long = [other for other in known if other.startswith("--")]
    close = difflib.get_close_matches(flag[:_SHOWN], sorted(long), n=1, cutoff=0.75)
    return close[0] if close else ""
