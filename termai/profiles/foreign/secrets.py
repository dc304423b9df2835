"""Secrets among what is imported and exported: they stay out unless they are asked for."""

from collections.abc import Mapping

from termai.profiles.foreign.base import Left
from termai.profiles.kept import HIDDEN, is_secret_name

IN_A_PROFILE = "it is a secret, which does not belong in a profile"
NOT_ASKED_FOR = "it is a secret, and secrets are only written when they are asked for"


def without_secrets(env: Mapping[str, str], why: str) -> tuple[dict[str, str], tuple[Left, ...]]:
    """Return the variables that are no secrets, and a mention of each that is one."""
    plain = {name: value for name, value in env.items() if not is_secret_name(name)}
    left = tuple(Left(f"env.{name}", HIDDEN, why) for name in env if name not in plain)
    return plain, left
