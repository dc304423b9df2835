"""Taking out of a profile what an engine does not take, where nothing can take its place."""

import shlex
from dataclasses import replace

from termai.engines.base import Detection
from termai.engines.drift.found import ARGS, Drift
from termai.engines.drift.given import shown_flag
from termai.engines.drift.words import items
from termai.profiles.kept import masked_words
from termai.profiles.profile import Profile


def what(profile: Profile, found: Drift, binary: Detection) -> str:
    """Return in words what ``without`` takes out, secrets hidden; empty where there is nothing."""
    section, _, key = found.where.partition(".")
    if section == "args":
        words = profile.args.get(key, ())
        start, stop = _span(words, found, binary)
        return shlex.join(masked_words(words)[start:stop])
    if section == "env":
        return key if key in profile.env else ""
    return key if profile.is_set(key) else ""


def without(profile: Profile, found: Drift, binary: Detection) -> Profile:
    """Return the profile without the flag and its values, the variable or the option of a finding.

    Only for one who asks for it: what was meant by it is lost.
    """
    section, _, key = found.where.partition(".")
    if section == "args":
        words = profile.args.get(key, ())
        start, stop = _span(words, found, binary)
        rest = (*words[:start], *words[stop:])
        args = {engine: rest if engine == key else told for engine, told in profile.args.items()}
        return replace(profile, args={engine: told for engine, told in args.items() if told})
    if section == "env":
        return replace(profile, env={n: told for n, told in profile.env.items() if n != key})
    return profile.with_values(**{key: None})


def _span(words: tuple[str, ...], found: Drift, binary: Detection) -> tuple[int, int]:
    """Return where the first flag of a finding begins and ends; all words where it names none."""
    if found.where != ARGS or not found.flag:
        return 0, len(words)
    places = (item for item in items(words, binary) if shown_flag(words[item.start]) == found.flag)
    item = next(places, None)
    return (item.start, item.stop) if item else (0, 0)
