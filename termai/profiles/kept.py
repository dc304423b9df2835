"""What in a profile is a secret, decided here alone, and a profile without any, to be shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter

HIDDEN = "(hidden)"

_SECRET = re.compile(
    r"passw(?:or)?d|passphrase|passcode|secret|credential|bearer|hordeconfig"
    r"|(?:keys?|token|pwd|auth|authorization|_pat)$|(?:^|_)pw$|(?<!by)(?<!com)(?<!sur)pass$"
)
"""``hordeconfig`` is KoboldCPP's older spelling of five values, the fourth a key of AI Horde."""
_VOCABULARY = re.compile(
    r"(?:bos|eos|eot|eom|pad|unk|sep|cls|mask|stop|start|end|image|audio|special|"
    r"fim\w*|think\w*|reasoning)_?token$|cors_credentials$"
)
"""What only sounds like a secret: tokens of a vocabulary, and a switch of llama-server."""
_FORM = re.compile(
    r"\bhf_[A-Za-z0-9]{20,}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[opsur]_[A-Za-z0-9]{30,}"
    r"|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bAKIA[0-9A-Z]{16}\b|PRIVATE KEY-----"
    r"|\bBearer\s+\S"
    r"|://[^\s/?#\"']{0,256}:[^\s/?#\"']{1,512}@|://\w{20,256}@"
)
"""Keys of Hugging Face, OpenAI, GitHub, GitLab and AWS, a header, a password in an address."""
_SURE = re.compile(
    r"\bhf_(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[a-z])[A-Za-z0-9]{30,}\b"
    r"|\bsk-(?:[A-Za-z0-9]+-)*(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9_]{20,}\b"
    r"|\bgh[opsur]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{40,}|\bglpat-[\w-]{20,}|\bAKIA[0-9A-Z]{16}\b"
    r"|PRIVATE KEY-----|\bBearer\s+[\w.~+/-]{16,}"
)
"""The same keys as they are issued; no words that somebody writes look like them."""
_IN_QUERY = re.compile(r"[?&]([\w.-]{1,100}+)=[^\s&]")
_FLAG = re.compile(
    r"(?<![\w-])(--?[A-Za-z][\w-]{0,100}+)\\*[\"']?(?:\s+|\s*[=,:]\s*)\\*[\"']?[^\s\"',\]\\]"
)
_NAMED = re.compile(
    r"(?<![\w-])([\w-]{1,200}+)\\*[\"']?\s*[=:]\s*"
    r"(?!\\*\"\\*\"|''|(?:null|none|false|true|~|\[\s*\]|\{\s*\})\s*(?:[,}\])]|$)"
    r"|\{\s*\\*\"(?:type|\$ref|enum|anyOf|description)\\*\"|[,}\])])\S",
    re.IGNORECASE,
)
"""A name with something behind it: ``key: x``, ``"key": "x"``, ``KEY=x``; no JSON schema."""
_ESCAPE = re.compile(r"\\u00([0-7][0-9a-fA-F])")
_A_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_SHORT_FLAGS = frozenset({"-hft"})


def hides(name: str, text: str, *, prose: bool = False) -> bool:
    """Tell whether a text that is called ``name`` must not be shown, exported or passed on.

    By its name, or by what stands in it. prose: whether people write and read it, such as a
    description or a template; then words like ``key: x`` in it are no secret.
    """
    return is_secret_name(name) or (_holds_form(text) if prose else holds_secret(text))


def is_secret_name(name: str) -> bool:
    """Tell whether something of this name, such as an environment variable, is a secret.

    A password, a key, a token, but not a token of a vocabulary.
    """
    spelt = re.sub(r"[^a-z0-9]+", "_", name.lower()).rstrip("_0123456789")
    return bool(_SECRET.search(spelt)) and not _VOCABULARY.search(spelt)


def is_secret_flag(word: str) -> bool:
    """Tell whether a word is a flag, in any case and with ``=VALUE`` or not, of a secret."""
    flag = word.partition("=")[0]
    if not _A_FLAG.fullmatch(flag):
        return False
    return flag in _SHORT_FLAGS or is_secret_name(flag)


def holds_secret(text: str) -> bool:
    """Tell whether a secret stands inside a text, such as a command line, JSON or YAML."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return _holds_form(plain) or any(is_secret_name(found[1]) for found in _NAMED.finditer(plain))


def is_key(text: str) -> bool:
    """Tell whether a key certainly stands inside a text: what must not start, and no false alarm.

    ``holds_secret`` hides more, as what is hidden in vain does no harm.
    """
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return bool(_SURE.search(plain))


def masked_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a command with ``HIDDEN`` for each that is a secret."""
    shown: list[str] = []
    behind = False
    for word in words:
        shown.append(HIDDEN if behind or holds_secret(word) else word)
        behind = is_secret_flag(word) and "=" not in word and not behind
    return tuple(shown)


def masked(profile: Profile, *, kept: bool = True) -> Profile:
    """Return the profile with ``HIDDEN`` for every secret that it holds, wherever it stands.

    It is made to be shown, not to be saved. kept: False to leave out what is kept of other
    programs, which may be long.
    """
    return replace(
        profile,
        description=_prose(profile.description),
        values={key: masked_value(value) for key, value in profile.values.items()},
        args={engine: masked_words(words) for engine, words in profile.args.items()},
        env=masked_texts(profile.env),
        kept={name: masked_texts(texts) for name, texts in profile.kept.items() if kept},
    )


def masked_value(value: Any) -> Any:
    """Return the value of an option with ``HIDDEN`` for each text in it that is a secret."""
    if isinstance(value, str):
        return _prose(value)
    if isinstance(value, Adapter):
        return Adapter(_prose(value.path), value.scale)
    return tuple(map(masked_value, value)) if isinstance(value, tuple) else value


def masked_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts by name with ``HIDDEN`` for each that is a secret."""
    return {name: HIDDEN if hides(name, text) else text for name, text in texts.items()}


def _prose(text: str) -> str:
    return HIDDEN if hides("", text, prose=True) else text


def _holds_form(text: str) -> bool:
    return (
        bool(_FORM.search(text))
        or any(is_secret_flag(found[1]) for found in _FLAG.finditer(text))
        or any(is_secret_name(found[1]) for found in _IN_QUERY.finditer(text))
    )
