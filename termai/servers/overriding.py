"""What a start says otherwise than the saved profile, and what is in force while a server runs."""

from collections.abc import Iterable, Mapping
from typing import Any

from termai.errors import TermaiError
from termai.profiles import history
from termai.profiles.option import Option
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS
from termai.profiles.store import load_profile
from termai.servers.records import Server

_LIVE_KEYS = frozenset({"system_prompt", "reasoning"})
_LIVE_SECTION = "sampling"


def is_live(option: Option) -> bool:
    """Return whether termai's chat sends an option with each request, so that no start is needed.

    Other programs get it as the server's default, which only a restart changes.
    """
    return option.section == _LIVE_SECTION or option.key in _LIVE_KEYS


def overrides(profile: Profile) -> list[str]:
    """Return the keys of options that a profile to be started says otherwise than its file.

    The file is the one of its revision, also when it has changed since. All that is set is named
    where that cannot be told; nothing for a profile that was never saved.
    """
    if not profile.revision:
        return []
    saved = _saved(profile.name, profile.revision)
    if saved is None:
        return sorted(profile.values)
    keys = saved.values.keys() | profile.values.keys()
    return sorted(key for key in keys if saved.values.get(key) != profile.values.get(key))


def overridden(server: Server) -> frozenset[str]:
    """Return the keys of options that a start was given beside its saved profile."""
    recorded: Any = server.job.spec.meta.get("overrides")
    return frozenset(map(str, recorded)) if isinstance(recorded, list) else frozenset()


def in_force(server: Server) -> Mapping[str, Any]:
    """Return the options by which a server is talked to now, by key.

    They are those that it was started with; where its profile has been saved since, what needs no
    restart (``is_live``) and was not given for that start alone is what the file says now.
    """
    recorded: Any = server.job.spec.meta.get("values")
    values = dict(recorded) if isinstance(recorded, dict) else {}
    revision = server.job.spec.meta.get("revision")
    saved = _now(server.profile) if revision else None
    if saved is None or saved.revision == revision:
        return values
    fixed = overridden(server)
    live = (option.key for option in OPTIONS if is_live(option) and option.key not in fixed)
    return _replaced(values, saved, live)


def _replaced(values: dict[str, Any], saved: Profile, keys: Iterable[str]) -> dict[str, Any]:
    for key in keys:
        values.pop(key, None)
        if saved.is_set(key):
            values[key] = saved.values[key]
    return values


def _saved(name: str, revision: str) -> Profile | None:
    """Return the profile as it was at a revision, None where nobody knows."""
    now = _now(name)
    if now is not None and now.revision == revision:
        return now
    try:
        found = next((v for v in history.versions(name) if v.revision == revision), None)
        return history.profile(found) if found else None
    except TermaiError:
        return None


def _now(name: str) -> Profile | None:
    try:
        return load_profile(name)
    except TermaiError:
        return None
