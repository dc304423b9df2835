"""Preset files of llama-server's router (``--models-preset``): one section a model.

Keys are flags without their dashes, long or short, or names of environment variables; ``[*]``
holds for every model (llama.cpp, tools/server/README.md and common/preset.cpp).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from termai.errors import InvalidFileError
from termai.profiles import flags
from termai.profiles.flags import Read
from termai.profiles.foreign import ini
from termai.profiles.foreign.base import Exported, Format, Imported, Left, Source, Wanted
from termai.profiles.foreign.common import KEPT_WHY, left_of_others, placed
from termai.profiles.foreign.keeping import shown_value, withheld
from termai.profiles.foreign.secrets import plain
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.text import one_line

NAME = "llama-router"
_ALL = "*"
_VERSION = "version"
_ROUTER_ONLY = ("load-on-startup", "stop-timeout", "dedup-cache-models")
_OF_ROUTER = frozenset({"--host", "--port", "--api-key-file"})
_OF_ROUTER_WHY = "the router has one address and key file for all models"
_LOST = "it stands in line {}, and what is called the same below it takes its place"
_NOT_HELD = "a preset file cannot hold a line break, a ; or a # in a value"
_ONCE = "a preset file holds each key once"
_TWO = "a preset file holds no flag with two values"
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+(?::[\w.-]+)?", re.ASCII)
_SECTION = re.compile(r"[^\s\]](?:[^\]\r\n]*[^\s\]])?")


@dataclass(slots=True)
class _Keys:
    """What the keys of a section say."""

    read: Read = field(default_factory=Read)
    kept: dict[str, str] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


def read(source: Source) -> tuple[Imported, ...]:
    """Return a profile for each section, or one for what holds for all if there is no other."""
    sections = ini.parse(source)
    shared = [one for one in sections if one.name in ("", _ALL) and (_own(one) or one.lost)]
    models = [one for one in sections if one.name not in ("", _ALL)]
    if not models and not shared:
        raise InvalidFileError(
            f"{source.name}: expected a section for each model, such as [qwen], found none."
        )
    common = _merged([_keys(one) for one in shared])
    if not models:
        stem = source.path.stem if source.path else ""
        return (_imported(name_for(stem, "presets"), "", common, source),)
    return tuple(
        _imported(name_for(one.name, "preset"), one.name, _merged([common, _keys(one)]), source)
        for one in models
    )


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a preset file with one section, called as clients call the model."""
    profile, secrets, private = plain(profile, wanted, env=False)
    written = flags.written(profile, wanted.locate)
    section = _section(profile)
    lines: dict[str, str] = {}
    left = [*written.left]
    for flag, *values in flags.grouped(written.words):
        key = flag.lstrip("-")
        why = _why_not(flag, values, key in lines)
        if flag == "--alias" and why and values == [section]:
            continue  # the section's name says it
        if why:
            left.append(Left(flag, one_line(" ".join(values), 60), why))
        else:
            lines[key] = values[0] if values else "true"
    left += [Left(f"env.{name}", "", "a preset file sets no environment") for name in profile.env]
    left += [*secrets, *left_of_others(profile, NAME)]
    kept: dict[str, str] = {}
    for key, text in profile.kept.get(NAME, {}).items():
        secret = withheld(key, text, with_secrets=wanted.with_secrets)
        if secret:
            left.append(secret)
        elif ini.holds(text):
            kept[key] = text
            private = private or withheld(key, text, with_secrets=False) is not None
    body = "".join(f"{key} = {value}\n" for key, value in {**lines, **kept}.items())
    about = f"; {one_line(profile.description, 200)}\n" if profile.description else ""
    return Exported(f"version = 1\n\n{about}[{section}]\n{body}", tuple(left), private=private)


def _section(profile: Profile) -> str:
    section = str(profile.values.get("alias") or profile.name)
    return section if _SECTION.fullmatch(section) else name_for(section)


def _why_not(flag: str, values: list[str], again: bool) -> str:
    """Return why a flag with its values is not written, empty when it is."""
    if flag in _OF_ROUTER:
        return _OF_ROUTER_WHY
    if len(values) > 1:
        return _TWO
    if again:
        return _ONCE
    return "" if all(map(ini.holds, values)) else _NOT_HELD


def _own(section: ini.Section) -> bool:
    return bool(section.values.keys() - {_VERSION})


def _keys(section: ini.Section) -> _Keys:
    """Return what a section says, in the order of its keys."""
    words: list[str] = []
    found = _Keys()
    for key, value in section.values.items():
        if key in _ROUTER_ONLY:
            found.kept[key] = value
            found.left.append(Left(key, shown_value(key, value), KEPT_WHY, kept=True))
        elif key != _VERSION:
            words += flags.words_of(_flag(key), value)
    found.read = flags.read(words)
    for key, value, line in section.lost:
        shown = shown_value(key, value)
        found.left.append(Left(one_line(f"[{section.name}] {key}", 60), shown, _LOST.format(line)))
    return found


def _flag(key: str) -> str:
    """Return the flag that a key stands for: a known long or short one, or the likelier."""
    from_env = flags.flag_of_env(key)
    if from_env:
        return from_env
    short = f"-{key}"
    long = f"--{key}"
    if flags.known(long) or not flags.known(short):
        return long
    return short


def _merged(parts: list[_Keys]) -> _Keys:
    """Return what several sections say together, the last one on each option."""
    merged = _Keys()
    for part in parts:
        merged.read = Read(
            {**merged.read.values, **part.read.values},
            (*merged.read.args, *part.read.args),
            (*merged.read.left, *part.read.left),
            tuple(dict.fromkeys((*merged.read.notes, *part.read.notes))),
        )
        merged.kept |= part.kept
        merged.left += part.left
    return merged


def _imported(name: str, section: str, found: _Keys, source: Source) -> Imported:
    values = dict(found.read.values)
    notes = list(found.read.notes)
    if "path" not in values and _REPOSITORY.fullmatch(section):
        values["path"] = f"hub:{section}"
    if section and section != name and "alias" not in values:
        values["alias"] = section
    if "path" not in values:
        notes.append("No model is named: set path under [model].")
    profile = Profile(
        name,
        values=dict(placed(values, source)),
        args={"llama-server": found.read.args} if found.read.args else {},
        kept=_kept(found.kept),
    )
    return Imported(profile, (*found.left, *found.read.left), tuple(notes))


def _kept(texts: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    return {NAME: texts} if texts else {}


def _claims(text: str) -> bool:
    """Tell whether a text is a preset file: a version, or sections of keys that are flags."""
    found = list(_lines(text))
    if "[" not in "".join(line[:1] for line in found):
        return False
    keys = [line.partition("=")[0].strip() for line in found if "=" in line and line[0] != "["]
    return any(key == _VERSION or flags.known(_flag(key)) for key in keys[:50])


def _lines(text: str) -> Iterator[str]:
    for line in text[:20_000].splitlines():
        if line.strip() and line.strip()[0] not in ";#":
            yield line.strip()


FORMAT = Format(NAME, "llama.cpp router presets", ".ini", (".ini",), _claims, read, write)
