"""What engines that are not llama.cpp's have in common: options that they refuse."""

from collections.abc import Iterator

from termai.engines.arguments import unknown
from termai.errors import UsageError
from termai.profiles.option import WITHOUT_EFFECT
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS, Option


def refuses(option: Option, profile: Profile, engine: str) -> bool:
    """Tell whether ``engine`` cannot do what the profile says of one option."""
    if option.known_to(engine) or option.key in WITHOUT_EFFECT[engine]:
        return False
    return profile.is_set(option.key) and bool(profile.value(option.key) != option.default)


def refused(profile: Profile, engine: str) -> Iterator[Option]:
    """Yield the options of the profile that ``engine`` refuses, as they are declared."""
    return (option for option in OPTIONS if refuses(option, profile, engine))


def check(profile: Profile, engine: str, *, takes_args: bool) -> None:
    """Raise UsageError for the first option, or argument in [args], that ``engine`` lacks."""
    for option in refused(profile, engine):
        raise unknown(option, profile, engine)
    if profile.args.get(engine) and not takes_args:
        raise UsageError(
            f"[args] of the profile {profile.name} has arguments for {engine}, which takes none.",
            fix="Take them out.",
        )
