"""Whether two profiles say the same to llama-server, and profiles to try conversions with."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from termai.paths import config_dir, expanded
from termai.profiles.foreign.base import Left
from termai.profiles.kept import is_secret_name
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE, OPTIONS
from tests.profiles.strategies import VALUES

_OWN_FILES = ("api_key_file", "chat_template_file")
_BY_FLAG = {declared.flag: declared.key for declared in OPTIONS if declared.flag}
_SEVERAL = {"--load-mode": {"mmap", "mlock"}, "--lora": {"lora"}, "--fit": {"fit"}}

_TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not is_secret_name(name)
)
_ARGUMENTS = st.sampled_from(
    ((), ("--slots",), ("--brand-new", "x y"), ("--mirostat", "2"), ("--odd", "-1", "--slots"))
)

PROFILES = st.builds(
    lambda values, env, args: Profile(
        "one", values=values, env=env, args={NATIVE: args} if args else {}
    ),
    VALUES,
    st.dictionaries(_NAMES, _TEXTS, max_size=3),
    _ARGUMENTS,
)


def said(profile: Profile) -> dict[str, Any]:
    """Return what a profile says of every option, in one form: by what happens in the end."""
    found = {}
    for declared in OPTIONS:
        value = profile.value(declared.key)
        if declared.key in _OWN_FILES and value:
            value = str(config_dir() / expanded(value))
        if declared.key == "lora":
            value = tuple(sorted(value))
        found[declared.key] = value
    return found


def without(profile: Profile, left: Iterable[Left]) -> Profile:
    """Return a profile without the options that an export said it leaves out, by key or flag."""
    keys: set[str] = set()
    for one in left:
        keys.add(one.key.rpartition(".")[2])
        keys.add(_BY_FLAG.get(one.key, ""))
        keys |= _SEVERAL.get(one.key, set())
    return replace(profile, values={k: v for k, v in profile.values.items() if k not in keys})
