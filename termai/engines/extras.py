"""What a profile may add by hand, in [args] and [env], and what it may not."""

import os
from collections.abc import Sequence

from termai.errors import UsageError
from termai.profiles.profile import Profile

_OWN = {
    "--host": "host under [server]",
    "--port": "port under [server]",
    "--reuse-port": "port under [server]",
    "--api-key": "api_key_file under [server]: a key in a command line is read by everybody",
    "--api-key-file": "api_key_file under [server]",
    "--model": "path under [model]",
    "-m": "path under [model]",
}
_SECRET = ("LLAMA_API_KEY",)


def extra_args(profile: Profile, engine: str) -> tuple[str, ...]:
    """Return the profile's [args] for ``engine``; raises UsageError for a flag termai owns."""
    given = tuple(profile.args.get(engine, ()))
    for argument in given:
        flag = argument.partition("=")[0].replace("_", "-")  # as llama.cpp reads it
        if flag in _OWN:
            raise UsageError(
                f"[args] of the profile {profile.name} has {flag}, which termai sets itself.",
                fix=f"Use {_OWN[flag]}.",
            )
    return given


def extra_env(profile: Profile) -> dict[str, str]:
    """Return the profile's [env]; raises UsageError for a variable that carries a key."""
    for name in _SECRET:
        if name in profile.env:
            raise UsageError(
                f"[env] of the profile {profile.name} sets {name}; a key does not belong in a "
                "profile.",
                fix="Write the key to a file of mode 0600 and name it in api_key_file.",
            )
    return dict(profile.env)


def overriding_env(prefixes: Sequence[str]) -> tuple[str, ...]:
    """Return the variables of this process that would change what a profile says."""
    return tuple(sorted(name for name in os.environ if name.startswith(tuple(prefixes))))
