"""Which of a profile's values are secrets, and a profile without them, to be shown."""

import re
from collections.abc import Mapping
from dataclasses import replace

from termai.profiles.profile import Profile

HIDDEN = "(hidden)"

_SECRET = re.compile(
    r"passw(?:or)?d|passphrase|passcode|secret|credential|bearer|hordeconfig"
    r"|(?:keys?|token|pwd|auth|authorization|_pat)$"
)
"""``hordeconfig`` is KoboldCPP's older spelling of five values, the fourth a key of AI Horde."""
_VOCABULARY = re.compile(
    r"(?:bos|eos|eot|eom|pad|unk|sep|cls|mask|stop|start|end|image|audio|special|"
    r"fim\w*|think\w*|reasoning)_?token$"
)
_IN_TEXT = re.compile(
    r"--(?:api-key|hf-token)(?!-file)\b|(?<![\w-])-hft\b"
    r"|\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{16,}|\bBearer\s+\S"
)
"""A secret inside a command line or a header, and the forms of Hugging Face's and OpenAI's keys."""


def is_secret(format_name: str, key: str) -> bool:
    """Tell whether what ``Profile.kept`` holds of a format under ``key`` is a secret.

    By its name, whatever the format: a password, a key, a token, but not a token of a vocabulary.
    """
    return is_secret_name(key)


def is_secret_name(name: str) -> bool:
    """Tell whether something of this name, such as an environment variable, is a secret."""
    spelt = re.sub(r"[^a-z0-9]+", "_", name.lower()).rstrip("_0123456789")
    return bool(_SECRET.search(spelt)) and not _VOCABULARY.search(spelt)


def holds_secret(text: str) -> bool:
    """Tell whether a secret stands inside a text, such as the command line of a server."""
    return bool(_IN_TEXT.search(text))


def masked(profile: Profile) -> Profile:
    """Return the profile with ``HIDDEN`` for every secret in its environment and what is kept.

    It is made to be shown, not to be saved.
    """
    kept = {name: _masked(texts) for name, texts in profile.kept.items()}
    return replace(profile, env=_masked(profile.env), kept=kept)


def _masked(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        key: HIDDEN if is_secret_name(key) or holds_secret(text) else text
        for key, text in texts.items()
    }
