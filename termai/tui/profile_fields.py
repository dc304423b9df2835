"""The fields of a profile's form: what can be set, its value now, and where that comes from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from termai.profiles.assignments import assigned
from termai.profiles.kept import HIDDEN, hides, masked_value, masked_words
from termai.profiles.option import Kind, Option
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, ENGINES, NATIVE, OPTIONS, REMOTE
from termai.profiles.values import expectation, format_value, parse_value
from termai.text import one_line

ABOUT, PASSED = "Profile", "Passed on"
NEW_VARIABLE = "env."
NOTHING = "-"
_SHOWN = 400  # characters of a value that a row can show
_DECIDED = frozenset({Kind.WHOLE, Kind.NUMBER, Kind.SWITCH, Kind.CHOICE})
_LEFT = (None, 0, -1)  # what says nothing that is worth a word beside what becomes of it
_MODELS = frozenset({"path", "mmproj", "model_draft"})
_ENGINE = (
    "The program that runs the model: auto takes the best one on this machine, llama-server is "
    "llama.cpp's own server, llama-cpp-python the Python one, which answers one request at a time "
    "and knows fewer options. koboldcpp and vllm are those programs, if they are here. openai "
    "starts nothing: it uses a server that runs already, at url."
)
_DESCRIPTION = "One line that lists show beside the profile's name: what it is for."
_ARGS = (
    "Further arguments for {engine}, written as in a shell, for what no option here covers. They "
    "are passed on as they are and come last, so they win over the options."
)
_NEEDED = {REMOTE: frozenset({"url", "alias"})}
_ENV = "A variable in the environment of the server's process. Empty removes it."
_TAKES = {
    "description": "a text on one line",
    "args": "arguments, quoted as in a shell",
    "env": "a text",
}
_NEW = (
    "Type NAME=VALUE to set a variable in the environment of the server's process, such as "
    "CUDA_VISIBLE_DEVICES=0, which lets it see the first GPU only."
)


class Origin(StrEnum):
    """Where a value comes from."""

    PROFILE = "profile"  # the profile sets it
    DEFAULT = "default"  # what the engine does by itself, the same everywhere
    AUTOMATIC = "automatic"  # worked out at the start, for this model and this machine
    ENGINE = "engine"  # the engine decides, by the model or the machine


class Way(StrEnum):
    """How a field is edited."""

    LINE = "line"
    PROSE = "prose"
    SWITCH = "switch"
    CHOICE = "choice"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing of a profile that can be set.

    identity: as ``profiles.assignments`` calls it: an option's key, ``engine``,
    ``args.llama-server``, ``env.NAME``; ``env.`` alone takes a new variable. name: what a row
    shows. choices: what CHOICE picks from. help: one paragraph. basic: whether it shows before
    all options are asked for.
    """

    identity: str
    name: str
    group: str
    way: Way
    help: str
    choices: tuple[str, ...] = ()
    basic: bool = False
    option: Option | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a form shows of a field: value on one line, unit, origin.

    changed: whether it differs from what is saved. ignored: whether the chosen engine does not
    know it.
    """

    value: str
    unit: str
    origin: Origin
    changed: bool = False
    ignored: bool = False

    @property
    def text(self) -> str:
        """The value with its unit."""
        return f"{self.value} {self.unit}".rstrip()


@cache
def declared() -> tuple[Field, ...]:
    """Return the fields that every profile has, in the order in which a form shows them."""
    about = (
        Field("description", "description", ABOUT, Way.LINE, _DESCRIPTION, basic=True),
        Field("engine", "engine", ABOUT, Way.CHOICE, _ENGINE, (AUTO, *ENGINES), basic=True),
    )
    passed = tuple(
        Field(f"args.{e}", f"args {e}", PASSED, Way.LINE, _ARGS.format(engine=e)) for e in ENGINES
    )
    return (*about, *(_of_option(option) for option in OPTIONS), *passed)


def fields(profile: Profile) -> tuple[Field, ...]:
    """Return the fields of a profile: the declared ones, its variables, and room for one more."""
    variables = (_variable(name) for name in profile.env)
    new = Field(NEW_VARIABLE, "new variable", PASSED, Way.LINE, _NEW)
    return (*declared(), *variables, new)


def listed(profile: Profile, words: str = "", *, everything: bool = False) -> tuple[Field, ...]:
    """Return the fields to list: those that have every word of name, help, flag or group.

    Without words: the basic ones and what the profile sets, or ``everything``.
    """
    wanted = words.casefold().split()
    if wanted:
        return tuple(f for f in fields(profile) if all(word in _words(f) for word in wanted))
    return tuple(f for f in fields(profile) if everything or _is_shown(profile, f))


def _is_shown(profile: Profile, field: Field) -> bool:
    needed = _NEEDED.get(profile.engine, frozenset())
    return field.basic or field.identity in needed or is_set(profile, field.identity)


def best(found: Sequence[Field], words: str) -> str:
    """Return the identity of the field that typed words most likely mean, empty for none.

    A name that begins with them comes first, then one that has them, then one whose group has;
    a basic option whose group is meant comes before the name of one that hardly anybody needs.
    """
    typed = words.casefold().strip()
    parts = typed.replace("-", "_").split()

    def rank(field: Field) -> float:
        name, group = field.name.casefold(), field.group.casefold()
        rare = 0 if field.basic else 2.5
        if name.startswith("_".join(parts)):
            return rare
        if all(part in name for part in parts):
            return rare + 1
        return rare + (2 if typed in group else 3)

    return min(found, key=rank).identity if found else ""


def is_set(profile: Profile, identity: str) -> bool:
    """Tell whether the profile itself says something about a field."""
    head, _, rest = identity.partition(".")
    if head == "args":
        return bool(profile.args.get(rest))
    if head == "env":
        return rest in profile.env
    if head == "engine":
        return profile.engine != AUTO
    return bool(profile.description) if head == "description" else profile.is_set(identity)


def text_of(profile: Profile, identity: str) -> str:
    """Return what an edit of a field begins with: its value as text, empty where it is not set."""
    head, _, rest = identity.partition(".")
    if head == "args":
        return shlex.join(profile.args.get(rest, ()))
    if head == "env":
        return profile.env.get(rest, "")
    if head == "engine":
        return profile.engine
    if head == "description":
        return profile.description
    option = _option(identity)
    return format_value(option, profile.values.get(identity)) if option else ""


def with_text(profile: Profile, identity: str, text: str) -> Profile:
    """Return the profile with a field set to what ``text`` means; an empty one unsets it.

    Space around it is left away, but in prose and where the text is what the field has already.

    Raises UsageError, RefusedValueError among them, with what was expected.
    """
    option = _option(identity)
    if text and text == text_of(profile, identity):
        return profile
    if option is None:
        key = text if identity == NEW_VARIABLE else f"{identity}={text}"
        name = f"env.{key.strip()}" if identity == NEW_VARIABLE else key
        return assigned(profile, [name])
    prose = option.kind is Kind.PROSE
    value = parse_value(option, text if prose else text.strip()) if text.strip() else None
    return profile.with_values(**{identity: value})


def unset(profile: Profile, identity: str) -> Profile:
    """Return the profile without what it says about a field."""
    return profile if identity == NEW_VARIABLE else with_text(profile, identity, "")


def show(
    profile: Profile, field: Field, saved: Profile, automatic: Mapping[str, str] | None = None
) -> Shown:
    """Return what a form shows of a field.

    saved: the profile as it is on disk. automatic: what would be decided at a start, by key.
    """
    identity, option = field.identity, field.option
    changed = text_of(profile, identity) != text_of(saved, identity)
    ignored = option is not None and not option.known_to(_engine(profile))
    decided = "" if _insists(profile, identity) else (automatic or {}).get(identity, "")
    given = is_set(profile, identity)
    if option is None:
        return Shown(_plain(profile, field), "", _origin(given), changed)
    value = masked_value(profile.value(identity))
    if decided and not ignored:
        left = not given and value in _LEFT
        text = one_line(decided if left else f"{format_value(option, value)} → {decided}", _SHOWN)
        unit = option.unit if left and decided.isdecimal() else ""
        return Shown(text, unit, Origin.AUTOMATIC, changed)
    shown = one_line(format_value(option, value), _SHOWN) or NOTHING
    origin = Origin.ENGINE if not given and _is_left(option) else _origin(given)
    return Shown(shown, _unit(option, value), origin, changed, ignored)


def _insists(profile: Profile, identity: str) -> bool:
    """Tell whether a field's value is not to be replaced at a start."""
    return identity == "port" and bool(profile.value("port_strict"))


def facts(field: Field) -> tuple[str, ...]:
    """Return what a field takes, its default and llama-server's flags, each a few words."""
    option = field.option
    if option is None:
        head = field.identity.partition(".")[0]
        return (f"one of {', '.join(field.choices)}",) if field.choices else (_TAKES[head],)
    takes = expectation(option) if option.kind is not Kind.SWITCH else "on or off"
    unit = f", in {option.unit}" if option.unit else ""
    default = format_value(option, option.default) or "none"
    default = "left to the engine" if _is_left(option) else default
    flags = " ".join(dict.fromkeys((*_flags(option),)))
    return tuple(filter(None, (f"{takes}{unit}", f"default: {default}", flags)))


def _is_left(option: Option) -> bool:
    """Tell whether the engine decides by model or machine where the option is not set."""
    return option.default is None and option.kind in _DECIDED


def _flags(option: Option) -> tuple[str, ...]:
    aliases: tuple[str, ...] = getattr(option, "aliases", ())
    short = tuple(alias for alias in aliases if len(alias) <= 5 and not alias.startswith("--"))
    return tuple(filter(None, (option.flag, option.off_flag, *short)))


def _of_option(option: Option) -> Field:
    ways = {Kind.SWITCH: Way.SWITCH, Kind.CHOICE: Way.CHOICE, Kind.PROSE: Way.PROSE}
    way = Way.MODEL if option.key in _MODELS else ways.get(option.kind, Way.LINE)
    choices = ("on", "off") if way is Way.SWITCH else option.choices
    key = option.key
    return Field(key, key, option.group, way, option.help, choices, option.basic, option)


def _variable(name: str) -> Field:
    return Field(f"env.{name}", one_line(f"env {name}"), PASSED, Way.LINE, _ENV)


@cache
def _by_key() -> dict[str, Option]:
    return {option.key: option for option in OPTIONS}


def _option(identity: str) -> Option | None:
    return _by_key().get(identity)


@cache
def _words(field: Field) -> str:
    texts = [field.name, field.name.replace("_", " "), field.group, field.help, *field.choices]
    option = field.option
    if option is not None:
        texts += [option.flag, option.off_flag, *getattr(option, "aliases", ())]
    return "\n".join(texts).casefold()


def _engine(profile: Profile) -> str:
    return NATIVE if profile.engine == AUTO else profile.engine


def _plain(profile: Profile, field: Field) -> str:
    text = text_of(profile, field.identity)
    head, _, name = field.identity.partition(".")
    if head == "args" and HIDDEN in masked_words(profile.args.get(name, ())):
        return HIDDEN
    if text and hides(name, text, prose=head != "env"):
        return HIDDEN
    return one_line(text, _SHOWN) or NOTHING


def _origin(given: bool) -> Origin:
    return Origin.PROFILE if given else Origin.DEFAULT


def _unit(option: Option, value: object) -> str:
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    return option.unit if counted else ""
