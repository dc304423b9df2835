"""Whether a profile still fits the llama-server that is here, whose flags change over time."""

from termai.engines.base import Detection
from termai.engines.drift.asked import check_options
from termai.engines.drift.found import (
    Change,
    Drift,
    DriftError,
    as_json,
    updated,
)
from termai.engines.drift.given import check_args
from termai.engines.drift.variables import check_env
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, NATIVE, REMOTE

__all__ = ["Change", "Drift", "DriftError", "as_json", "check", "updated"]

_WITHOUT_ARGS = frozenset({EMBEDDED, REMOTE})


def check(profile: Profile, detection: Detection) -> tuple[Drift, ...]:
    """Return where a profile and a program do not agree: [args], [env], options.

    Nothing is started or raised, and no file opened, only looked for. A llama-server whose help
    is not known agrees with all.
    """
    if detection.engine == NATIVE and detection.help:
        return (
            *check_args(profile, detection),
            *check_env(profile, detection),
            *check_options(profile, detection),
        )
    if detection.engine == NATIVE:
        return ()
    return (*_no_args(profile, detection.engine), *check_options(profile, detection))


def _no_args(profile: Profile, engine: str) -> tuple[Drift, ...]:
    given = profile.args.get(engine, ())
    if engine not in _WITHOUT_ARGS or not given:
        return ()
    text = f"{engine} takes no arguments, and [args] of the profile has some for it."
    return (Drift(f"args.{engine}", "", text, fatal=True),)
