"""The next value up or down of a field, so that most changes need no typing."""

from __future__ import annotations

import re

from termai.profiles.option import Kind, Option
from termai.profiles.profile import Profile
from termai.tui.profile_fields import Field, Way, is_set, text_of, with_text

_LARGE = 1_000_000  # from which a range is gone through by doubling
_LEAST = 256  # tokens or MiB that doubling begins with
_MINUTE = 60
_DECIMALS = 4
_RESOLVED = re.compile(r"\d+")


def toggled(profile: Profile, field: Field) -> Profile | None:
    """Return the profile with a switch turned over or the next choice made; None for others."""
    return stepped(profile, field, 1) if field.way in (Way.SWITCH, Way.CHOICE) else None


def stepped(profile: Profile, field: Field, by: int, decided: str = "") -> Profile | None:
    """Return the profile with a field one step up (1) or down (-1); None where it has no steps.

    Choices go round. Tokens and MiB double and halve, other numbers go by ones, fractions by
    twentieths. decided: what would be decided at a start, such as ``27/29``, from which
    a step from a word begins.
    """
    if field.choices:
        return with_text(profile, field.identity, _next_choice(profile, field, by))
    option = field.option
    if option is None or option.kind not in (Kind.WHOLE, Kind.NUMBER):
        return None
    value = profile.value(option.key)
    if isinstance(value, str):
        return profile.with_values(**{option.key: _from_word(option, value, by, decided)})
    moved = _moved(option, value, by)
    return None if moved is None else profile.with_values(**{option.key: moved})


def _next_choice(profile: Profile, field: Field, by: int) -> str:
    option = field.option
    now = text_of(profile, field.identity)
    if not is_set(profile, field.identity) and option is not None and option.default is not None:
        default = option.default
        now = ("on" if default else "off") if isinstance(default, bool) else str(default)
    if now not in field.choices:
        return field.choices[0 if by > 0 else -1]
    return field.choices[(field.choices.index(now) + by) % len(field.choices)]


def _from_word(option: Option, word: str, by: int, decided: str) -> int | str:
    known = _RESOLVED.match(decided)
    if known:
        return int(_bounded(option, int(known[0]) + by))
    words = option.words
    place = words.index(word) + by
    return words[place] if 0 <= place < len(words) else int(option.low or 0)


def _moved(option: Option, value: float | None, by: int) -> float | None:
    low, high = option.low, option.high
    if low is None or high is None:
        return None
    if value is None:
        value = max(low, min(high, 0 if option.kind is Kind.WHOLE else 1))
    if option.kind is Kind.WHOLE:
        return int(_bounded(option, _whole(option, int(value), by)))
    return _bounded(option, _fraction(option, value, by))


def _whole(option: Option, value: int, by: int) -> int:
    if option.unit == "seconds":
        return value + _MINUTE * by
    if option.high is not None and option.high >= _LARGE and option.unit in ("tokens", "MiB"):
        return _doubled(option, value) if by > 0 else _halved(option, value)
    return value + by


def _doubled(option: Option, value: int) -> int:
    """Return the next power of two."""
    least = int(max(_LEAST, option.low or 0))
    return least if value < least else 1 << value.bit_length()


def _halved(option: Option, value: int) -> int:
    """Return the power of two below, and what the range begins with below the least of them."""
    return 1 << ((value - 1).bit_length() - 1) if value > _LEAST else int(option.low or 0)


def _fraction(option: Option, value: float, by: int) -> float:
    span = (option.high or 0) - (option.low or 0)
    step = 0.05 if span <= 10 else 0.5
    if span > 1000:  # a frequency, which has no usual step
        return value * 2 if by > 0 else value / 2
    return round(value + by * step, _DECIMALS)


def _bounded(option: Option, value: float) -> float:
    low, high = option.low, option.high
    value = value if low is None else max(low, value)
    return value if high is None else min(high, value)
