"""What differs between two profiles, key by key and line by line, without their secrets."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from termai.profiles.kept import HIDDEN, hides, masked_value, masked_words
from termai.profiles.masking import ANOTHER, Masks
from termai.profiles.option import Option
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of
from termai.profiles.schema import AUTO, SECTIONS, option
from termai.profiles.values import format_value
from termai.tomlfile import Key

_LINES = 2000
"""Lines that are compared with each other; more that differ are shown as one block."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that two profiles do not set alike.

    key: dotted, as in the TOML file. option: its declaration, None for what is no option. before,
    after: as ``values.format_value`` writes a value, words of ``args`` as a shell would take
    them, None where it is not set; secrets are hidden.
    """

    key: str
    option: Option | None
    before: str | None
    after: str | None


def differences(a: Profile, b: Profile) -> tuple[Difference, ...]:
    """Return what has to change in ``a`` for it to say what ``b`` says, in the file's order."""
    old, new = keys_of(a), keys_of(b)
    changed = [key for key in keys_of(_union(a, b)) if old.get(key) != new.get(key)]
    return tuple(_difference(key, _value(a, key, old), _value(b, key, new)) for key in changed)


def text_diff(a_text: str, b_text: str, a_name: str, b_name: str) -> str:
    """Return a unified diff of two texts of profiles, empty when they are the same.

    Secrets are hidden, and one that differs is called another; ends of lines are no difference.
    Control characters are as in the texts. Where more than 2000 lines differ, they are one block.
    """
    import difflib

    masks = Masks()
    a, b = (_lines(masks.masked(text)) for text in (a_text, b_text))
    same = _common(a, b)
    end = _common(a[same:][::-1], b[same:][::-1])
    if max(len(a), len(b)) - same - end > _LINES:
        return "\n".join(_block(a, b, same, end, (a_name, b_name)))
    return "\n".join(difflib.unified_diff(a, b, a_name, b_name, lineterm=""))


def _common(a: list[str], b: list[str]) -> int:
    """Return how many lines two texts have in common where they begin."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(a), len(b)))


def _block(a: list[str], b: list[str], same: int, end: int, names: tuple[str, str]) -> list[str]:
    """Return a unified diff in which all between the same beginning and end is replaced."""
    old, new = a[same : len(a) - end], b[same : len(b) - end]
    head = f"@@ -{same + 1},{len(old)} +{same + 1},{len(new)} @@"
    lines = [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    return [f"--- {names[0]}", f"+++ {names[1]}", head, *lines]


def _union(a: Profile, b: Profile) -> Profile:
    """Return a profile that sets whatever one of the two sets."""
    formats = [*a.kept, *(name for name in b.kept if name not in a.kept)]
    return replace(
        a,
        description=a.description or b.description,
        engine=b.engine if a.engine == AUTO else a.engine,
        values={**a.values, **b.values},
        args={**a.args, **b.args},
        env={**a.env, **b.env},
        kept={name: {**_of(a, name), **_of(b, name)} for name in formats},
    )


def _of(profile: Profile, name: str) -> Mapping[str, str]:
    return profile.kept.get(name, {})


def _value(profile: Profile, key: Key, keys: Mapping[Key, Any]) -> Any:
    """Return what a profile sets, an option's value in the form that ``values.check`` gives it."""
    return profile.values.get(key[1]) if key[0] in SECTIONS else keys.get(key)


def _difference(key: Key, old: Any, new: Any) -> Difference:
    declared = option(key[1]) if key[0] in SECTIONS else None
    before, after = _text(key, declared, old), _text(key, declared, new)
    if before == after and before and HIDDEN in before:
        after = ANOTHER
    return Difference(".".join(key), declared, before, after)


def _text(key: Key, declared: Option | None, value: Any) -> str | None:
    if value is None:
        return None
    if declared is not None:
        shown = masked_value(value)
        return HIDDEN if shown == HIDDEN else format_value(declared, shown)
    if isinstance(value, list):
        return HIDDEN if HIDDEN in masked_words(value) else shlex.join(value)
    name = key[-1] if key[0] in ("env", "kept") else ""
    return HIDDEN if hides(name, str(value), prose=not name) else str(value)


def _lines(text: str) -> list[str]:
    return re.split(r"\r?\n", text.rstrip("\r\n"))
