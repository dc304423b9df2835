"""What a profile may add by hand, in [args] and [env], and what it may not."""

import os
from collections.abc import Mapping, Sequence

from termai.engines.base import Detection
from termai.errors import UsageError
from termai.profiles.kept import is_key
from termai.profiles.profile import Profile
from termai.profiles.reading import SECRET_FLAGS, flag_of

OWN: Mapping[str, str] = {
    "--host": "Use host under [server].",
    "--port": "Use port under [server].",
    "--reuse-port": "Use port under [server].",
    "--api-key-file": "Use api_key_file under [server].",
    "--model": "Use path under [model].",
    "-m": "Use path under [model].",
}
"""What to do instead of each flag that termai sets itself."""
ELSEWHERE = (
    "Put it into a file that a flag names, or into the flag's variable under [env]; the program's "
    "--help names both."
)
"""Where a key goes that no option of termai holds."""
PCI_ORDER = ("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
"""Makes CUDA count GPUs as nvidia-smi does, not the fastest first (CUDA C++ Programming Guide)."""

_SECRET = ("LLAMA_API_KEY", "VLLM_API_KEY")


def extra_args(profile: Profile, engine: str) -> tuple[str, ...]:
    """Return the profile's [args] for ``engine``.

    Raises UsageError for a flag that termai sets itself, and for a secret.
    """
    given = tuple(profile.args.get(engine, ()))
    for argument in given:
        flag = flag_of(argument)
        if flag in OWN:
            raise UsageError(
                f"[args] of the profile {profile.name} has {flag}, which termai sets itself.",
                fix=OWN[flag],
            )
        if flag in SECRET_FLAGS:
            raise UsageError(
                f"[args] of the profile {profile.name} has {flag}, and everybody on this machine "
                "can read a program's arguments.",
                fix=SECRET_FLAGS[flag],
            )
        if is_key(argument):
            raise UsageError(
                f"[args] of the profile {profile.name} has a key among its values, and everybody "
                "on this machine can read a program's arguments.",
                fix=ELSEWHERE,
            )
    return given


def checked_args(
    profile: Profile, engine: str, why: Mapping[str, str], known: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Return the profile's [args] for an engine whose flags are read by Python's argparse.

    why: each flag that is refused, with the end of a sentence about it. known: flags of the
    program's own that others begin with. Raises UsageError, also for beginnings of a flag, and as
    ``extra_args``.
    """
    given = extra_args(profile, engine)
    for argument in given:
        flag = meant(argument, frozenset(why), known)
        if flag:
            raise UsageError(
                f"[args] of the profile {profile.name} has {flag}, {why[flag]}.", fix="Take it out."
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


def gpu_order(detection: Detection) -> dict[str, str]:
    """Return what makes CUDA0 the GPU that nvidia-smi calls 0; nothing where that was decided."""
    name, value = PCI_ORDER
    on_cuda = any(device.startswith("CUDA") for device in detection.devices)
    return {name: value} if on_cuda and name not in os.environ else {}


def overriding_env(prefixes: Sequence[str]) -> tuple[str, ...]:
    """Return the variables of this process that would change what a profile says."""
    return tuple(sorted(name for name in os.environ if name.startswith(tuple(prefixes))))


def meant(argument: str, names: frozenset[str], known: frozenset[str] = frozenset()) -> str:
    """Return which of ``names`` an argument stands for, empty for none.

    Programs that read their flags with Python's argparse take any beginning of a long flag, with
    ``-`` and ``_`` as they are declared, unless it is a flag of its own, one of ``known``.
    """
    flag = argument.partition("=")[0]
    plain = flag.replace("_", "-")
    if plain in names:
        return plain
    if flag in known or not plain.startswith("--") or len(plain) < len("--x"):
        return ""
    return next((name for name in sorted(names) if name.startswith(plain)), "")
