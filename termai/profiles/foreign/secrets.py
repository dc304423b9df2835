"""Secrets among what is imported and exported: they stay out unless they are asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from termai.profiles import flags
from termai.profiles.foreign.base import Left, Wanted
from termai.profiles.kept import HIDDEN, hides, masked_value, masked_words
from termai.profiles.profile import Profile
from termai.profiles.schema import option
from termai.text import one_line

IN_A_PROFILE = "it is a secret, which does not belong in a profile"
NOT_ASKED_FOR = "it is a secret, and secrets are only written when they are asked for"


class Plain(NamedTuple):
    """A profile as an export may write it.

    left: the secrets that it lacks. private: whether it holds some, because they were asked for.
    """

    profile: Profile
    left: tuple[Left, ...]
    private: bool


def plain(profile: Profile, wanted: Wanted, *, env: bool = True, args: bool = True) -> Plain:
    """Return a profile without secrets, but with them where they are wanted.

    What is kept of other programs is left to each format. env, args: False for a format that
    lists all of them as having no counterpart.
    """
    values = {k: value for k, value in profile.values.items() if masked_value(value) == value}
    words, lost = _without(profile) if args else (profile.args, ())
    variables, unset = without_secrets(profile.env, NOT_ASKED_FOR) if env else (profile.env, ())
    described = not hides("", profile.description, prose=True)
    left = (
        *(() if described else (Left("description", HIDDEN, NOT_ASKED_FOR),)),
        *(
            Left(f"{option(key).section}.{key}", HIDDEN, NOT_ASKED_FOR)
            for key in profile.values
            if key not in values
        ),
        *lost,
        *unset,
    )
    if wanted.with_secrets or not left:
        return Plain(profile, (), private=bool(left))
    description = profile.description if described else ""
    shown = replace(profile, description=description, values=values, args=words, env=variables)
    return Plain(shown, left, private=False)


def without_secrets(env: Mapping[str, str], why: str) -> tuple[dict[str, str], tuple[Left, ...]]:
    """Return the variables that are no secrets, and a mention of each that is one."""
    open_ = {name: value for name, value in env.items() if not hides(name, value)}
    left = tuple(
        Left(f"env.{one_line(name, 60)}", HIDDEN, why) for name in env if name not in open_
    )
    return open_, left


def _without(profile: Profile) -> tuple[Mapping[str, tuple[str, ...]], tuple[Left, ...]]:
    """Return the words for each engine without flags that carry a secret, and what they were."""
    args, left = {}, []
    for engine, words in profile.args.items():
        kept: list[str] = []
        for group in _groups(words):
            if HIDDEN in masked_words(group):
                named = flags.shown_flag(group[0])
                left.append(Left(f"args.{engine} {named}", HIDDEN, NOT_ASKED_FOR))
            else:
                kept += group
        if kept:
            args[engine] = tuple(kept)
    return args, tuple(left)


def _groups(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield flags with the words behind them, as far as the next flag."""
    group: tuple[str, ...] = ()
    for some in flags.grouped(words):
        if group and some[0].startswith("-"):
            yield group
            group = ()
        group += some
    if group:
        yield group
