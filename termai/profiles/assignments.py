"""Changes of a profile written as ``KEY=VALUE`` and ``KEY``, as a command line gives them."""

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import replace

from termai.errors import UsageError
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, ENGINES, option
from termai.profiles.values import is_line, parse_assignment
from termai.text import one_line

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")


def assigned(profile: Profile, texts: Iterable[str]) -> Profile:
    """Return the profile with each ``KEY=VALUE`` applied in order.

    KEY is an option, with or without its section; ``description``; ``engine``; ``args.ENGINE``,
    whose value is split as a shell does; or ``env.NAME``. An empty value unsets. Raises UsageError
    for another key or form, and RefusedValueError for a value that the option does not take.
    """
    for text in texts:
        profile = _assigned(profile, text)
    return profile


def unassigned(profile: Profile, keys: Iterable[str]) -> Profile:
    """Return the profile with each key unset; the same keys as ``assigned`` takes.

    Raises UsageError for an unknown key and for one that is not set, as a mistyped one is not.
    """
    for key in keys:
        changed = _assigned(profile, f"{key}=")
        if changed == profile:
            raise UsageError(
                f"{one_line(key, 60)} is not set in the profile {profile.name}.",
                fix=f"`termai profiles show {profile.name}` shows what it sets.",
            )
        profile = changed
    return profile


def _assigned(profile: Profile, text: str) -> Profile:
    key, equals, value = text.partition("=")
    head, _, rest = key.strip().partition(".")
    setter = _SETTERS.get(head)
    if setter is not None and equals:
        return setter(profile, rest, value.strip())
    if equals and not value.strip():
        section, _, bare = key.strip().rpartition(".")
        found = option(bare)
        if not section or section == found.section:
            return profile.with_values(**{found.key: None})
    key, checked = parse_assignment(text)
    return profile.with_values(**{key: checked})


def _description(profile: Profile, rest: str, value: str) -> Profile:
    if rest or not is_line(value):
        raise UsageError("description: expected a text on one line.")
    return replace(profile, description=value)


def _engine(profile: Profile, rest: str, value: str) -> Profile:
    wanted = value or AUTO
    if rest or wanted not in (AUTO, *ENGINES):
        raise UsageError(
            f"engine: expected one of {', '.join((AUTO, *ENGINES))}, found {one_line(value, 60)!r}."
        )
    return replace(profile, engine=wanted)


def _args(profile: Profile, engine: str, value: str) -> Profile:
    if engine not in ENGINES:
        raise UsageError(
            f"args.{one_line(engine, 60)}: expected the name of an engine, {' or '.join(ENGINES)}."
        )
    try:
        words = tuple(shlex.split(value))
    except ValueError as error:
        raise UsageError(f"args.{engine}: a quote is not closed.") from error
    others = {name: given for name, given in profile.args.items() if name != engine}
    return replace(profile, args={**others, engine: words} if words else others)


def _env(profile: Profile, name: str, value: str) -> Profile:
    if not _ENV_NAME.fullmatch(name):
        raise UsageError(f"env.{one_line(name, 60)}: expected the name of a variable, env.NAME.")
    if value:
        return replace(profile, env={**profile.env, name: value})
    return replace(profile, env={k: v for k, v in profile.env.items() if k != name})


_SETTERS: dict[str, Callable[[Profile, str, str], Profile]] = {
    "description": _description,
    "engine": _engine,
    "args": _args,
    "env": _env,
}
