"""The check of [env]: variables that llama-server reads in place of flags, and no longer reads.

common/arg.cpp: a flag of the command line wins over its variable; a variable of a removed flag
ends the program, one that no flag has is not looked at. The help names them: ``(env: NAME)``.
"""

import re
from collections.abc import Iterator

from termai.engines.arguments import lacks
from termai.engines.base import Detection
from termai.engines.drift import renames
from termai.engines.drift.found import Change, Drift, named
from termai.profiles import flags
from termai.profiles.profile import Profile
from termai.profiles.reading import SECRET_FLAGS
from termai.profiles.schema import NATIVE, Kind, option
from termai.text import one_line

_PREFIX = "LLAMA_ARG_"
_NAMED = re.compile(r"\(env: (\w+)\)")
_OFF = re.compile(f"^{_PREFIX}NO_")


def check_env(profile: Profile, binary: Detection) -> Iterator[Drift]:
    """Yield what is wrong with the variables of a profile that are meant for llama-server."""
    mine = {name: value for name, value in profile.env.items() if name.startswith(_PREFIX)}
    known = _known(binary) if mine else frozenset()
    for name, value in mine.items():
        flag = flags.flag_of_env(name) or ""
        if flag in SECRET_FLAGS:
            continue
        if name in known or _OFF.sub(_PREFIX, name) in known:
            yield from _read(profile, binary, name, value)
        else:
            yield _unread(profile, binary, name, value, flag)


def _known(binary: Detection) -> frozenset[str]:
    return frozenset(name for about in binary.help.values() for name in _NAMED.findall(about.text))


def _read(profile: Profile, binary: Detection, name: str, value: str) -> Iterator[Drift]:
    """Yield the option that a variable stands for, which a form can show and the variable not."""
    change = _as_options(profile, binary, name, value)
    if change:
        keys, shown = _keys(change), one_line(name, 60)
        text = f"{shown} is an option of termai: {keys}."
        yield Drift(f"env.{shown}", shown, text, keys, change=change, hint=True)


def _unread(profile: Profile, binary: Detection, name: str, value: str, flag: str) -> Drift:
    removed = flag in binary.removed
    change = _as_options(profile, binary, name, value)
    instead = _keys(change) if change else " or ".join(binary.removed.get(flag, ()))
    renamed = renames.of(flag)
    source = f" ({renamed.source})" if renamed and renamed.source else ""
    shown = one_line(name, 60)
    text = f"{named(binary)} {'ends at' if removed else 'does not read'} {shown}"
    text += f": use {instead}{source}." if instead else "."
    return Drift(f"env.{shown}", shown, text, instead, fatal=removed, change=change)


def _as_options(profile: Profile, binary: Detection, name: str, value: str) -> Change | None:
    """Return the move of a variable to its options, None where it would say something else."""
    read, _ = flags.read_env({name: value})
    told = {key for word in profile.args.get(NATIVE, ()) if (key := _key_of(word))}
    free = all(_is_free(profile, key) and key not in told for key in read.values)
    if read.args or read.left or not read.values or not free:
        return None
    changed = profile.with_values(**read.values)
    if any(lacks(option(key), changed, binary) for key in read.values):
        return None
    return Change((value,), values=read.values, variable=name)


def _is_free(profile: Profile, key: str) -> bool:
    """Tell whether an option is not set, and does with a value what the variable does."""
    return not profile.is_set(key) and option(key).kind not in (Kind.PATH, Kind.ADAPTERS)


def _key_of(word: str) -> str:
    meaning = flags.meaning(word)
    return meaning.option.key if meaning else ""


def _keys(change: Change) -> str:
    return ", ".join(f"{option(key).section}.{key}" for key in change.values)
