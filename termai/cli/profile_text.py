"""Profiles, and what differs between them, as text and as JSON."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from termai.cli.style import out, paint, warn
from termai.profiles.profile import Profile
from termai.text import one_line, printable

if TYPE_CHECKING:
    from termai.profiles.clashes import Clash
    from termai.profiles.diff import Difference

UNSET = "-"
_VALUE = 200  # characters of a value that a line shows


def summary(profile: Profile) -> dict[str, Any]:
    """Return what tells a profile from others, for JSON, secrets masked."""
    from termai.profiles.kept import masked_value

    return {
        "name": profile.name,
        "description": masked_value(profile.description),
        "engine": profile.engine,
        "model": masked_value(profile.served) or None,
        "shipped": profile.shipped,
        "path": str(profile.path) if profile.path else None,
    }


def whole(profile: Profile) -> dict[str, Any]:
    """Return everything that a profile says, secrets masked; adapters are objects."""
    from termai.profiles.kept import masked

    shown = masked(profile)
    return {
        **summary(profile),
        "values": {key: _plain(value) for key, value in shown.values.items()},
        "args": {engine: list(given) for engine, given in shown.args.items()},
        "env": dict(shown.env),
        "kept": {name: dict(texts) for name, texts in shown.kept.items()},
    }


def as_toml(profile: Profile) -> str:
    """Return what a profile sets as TOML, secrets masked."""
    from termai.profiles.kept import masked
    from termai.profiles.reading import keys_of
    from termai.tomlfile import new_text

    return printable(new_text(keys_of(masked(profile)))).rstrip("\n")


def differences(found: Iterable["Difference"]) -> list[str]:
    """Return one line for each difference: the key, before and after."""
    pairs = [(one_line(d.key, 60), _cell(d.before), _cell(d.after)) for d in found]
    size = max((len(key) for key, _, _ in pairs), default=0)
    return [f"{key:<{size}}  {before} → {after}" for key, before, after in pairs]


def as_objects(found: Iterable["Difference"]) -> list[dict[str, Any]]:
    """Return differences for JSON; null stands for what is not set."""
    return [{"key": d.key, "before": d.before, "after": d.after} for d in found]


def clashes(found: Iterable["Clash"]) -> None:
    """Tell what does not go together in a profile, and what would mend it."""
    for clash in found:
        bad = clash.severity == "problem"
        head = paint("problem" if bad else "warning", "bad" if bad else "busy", sys.stderr)
        warn_line = one_line(f"{clash.text} {clash.fix_text}", 400)
        sys.stderr.write(f"{head}: {warn_line}\n")


def clash_objects(found: Iterable["Clash"]) -> list[dict[str, Any]]:
    """Return clashes for JSON."""
    return [
        {
            "keys": list(clash.keys),
            "severity": str(clash.severity),
            "text": clash.text,
            "fix_text": clash.fix_text,
            "fix": {key: _plain(value) for key, value in clash.fix.items()},
        }
        for clash in found
    ]


def tell(sentence: str, *, as_json: bool) -> None:
    """Say a sentence where people look: with the result, or beside the JSON."""
    if as_json:
        warn(sentence)
    else:
        out(printable(sentence))


def _cell(text: str | None) -> str:
    return UNSET if text is None else one_line(text, _VALUE) or '""'


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return named() if named else [_plain(one) for one in value]
    return value
