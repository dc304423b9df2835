"""Sampling between a profile and ``gendefaults``, KoboldCPP's fields for requests without them.

KoboldCPP 1.117, ``gendefaults_parse_meta_field``, ``transform_genparams`` and ``generate``: any
field of a request can be named. Those of images and of KoboldCPP's own samplers stay as they are.
"""

from typing import Any

from termai.profiles.foreign.base import Left
from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.rawjson import dumped, joined, object_of, value_of
from termai.profiles.profile import Profile
from termai.profiles.schema import Kind, option
from termai.profiles.values import format_value

NAMES: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_k": ("top_k",),
    "top_p": ("top_p",),
    "min_p": ("min_p",),
    "typical_p": ("typical",),
    "top_n_sigma": ("nsigma",),
    "repeat_penalty": ("rep_pen", "repeat_penalty", "repetition_penalty"),
    "repeat_last_n": ("rep_pen_range",),
    "presence_penalty": ("presence_penalty",),
    "dry_multiplier": ("dry_multiplier",),
    "dry_base": ("dry_base",),
    "dry_allowed_length": ("dry_allowed_length",),
    "dry_penalty_last_n": ("dry_penalty_last_n",),
    "xtc_probability": ("xtc_probability",),
    "xtc_threshold": ("xtc_threshold",),
    "seed": ("seed", "sampler_seed"),
    "max_tokens": ("max_tokens", "max_length"),
    "stop": ("stop", "stop_sequence"),
}
"""Each option's names in a request to KoboldCPP: of several the first one that is there counts,
and those of ``_BOTH`` are all written, since KoboldCPP's own and OpenAI's API read one each."""

_BOTH = ("seed", "stop")
_EFFORTS = ("low", "medium", "high")


def read(fields: Fields) -> tuple[dict[str, Any], str, tuple[str, ...]]:
    """Return the options of ``gendefaults``, and the text and the names of what is no option.

    The text is an object of the other members as they are written, the whole value when none
    of it is an option, and empty when nothing is left. Raises InvalidFileError for a value that
    the option does not take.
    """
    key = "gendefaults" if "gendefaults" in fields.members else "sdgendefaults"
    fields.use("gendefaults", "sdgendefaults")
    value, raw = fields.get(key), fields.raw(key)
    if value in (None, False, {}):
        return {}, "", ()
    inside = object_of(raw if isinstance(value, dict) else str(value))
    if inside is None:
        return {}, raw, (key,)
    nested = Fields.nested(fields, inside)
    found = {name: set_to for name in NAMES if (set_to := _one(nested, name, key)) is not None}
    effort = inside.get("reasoning_effort")
    if effort and effort.value in _EFFORTS:
        nested.use("reasoning_effort")
        found["reasoning_effort"] = effort.value
    rest = {name: member.raw for name, member in nested.unused()}
    text = "" if not rest else raw if len(rest) == len(inside) else joined(rest)
    return found, text, tuple(f"{key}.{name}" for name in rest)


def _one(nested: Fields, wanted: str, key: str) -> Any:
    found = [
        value
        for name in NAMES[wanted]
        if nested.has(name) and (value := _value(nested, name, wanted, key)) is not None
    ]
    if wanted == "repeat_penalty" and found:
        return max(found)  # as KoboldCPP does with its three names
    return found[0] if found else None


def _value(nested: Fields, name: str, wanted: str, key: str) -> Any:
    declared = option(wanted)
    if declared.kind is Kind.LIST:
        value: Any = nested.texts(name)
    elif declared.kind is Kind.WHOLE:
        value = nested.whole(name)
    else:
        value = nested.number(name)
    if value is None or (wanted == "top_n_sigma" and value <= 0):
        return None  # a sigma of 0 and less is off in both
    return nested.checked(f"{key}.{name}", wanted, value)


def write(profile: Profile, kept: str) -> tuple[str, tuple[Left, ...]]:
    """Return ``gendefaults`` for a profile, empty for none, and what it cannot hold.

    kept: what was left of the file that the profile came from.
    """
    texts: dict[str, str] = {}
    left: list[Left] = []
    for wanted in NAMES:
        if profile.is_set(wanted):
            texts |= _written(profile, wanted, left)
    before = object_of(kept) if kept.lstrip().startswith("{") else _inside(kept)
    if not texts:
        return kept, tuple(left)
    if kept and before is None:
        left.append(Left("gendefaults", "", "it is no JSON object, and the sampling replaces it"))
    rest = {name: member.raw for name, member in (before or {}).items() if name not in texts}
    return joined(texts | rest), tuple(left)


def _inside(kept: str) -> Any:
    text = value_of(kept) if kept else None
    return object_of(text) if isinstance(text, str) else None


def _written(profile: Profile, wanted: str, left: list[Left]) -> dict[str, str]:
    value = profile.values[wanted]
    if (wanted == "top_n_sigma" and value <= 0) or (wanted == "max_tokens" and value < 0):
        return {}  # off, as without it
    if wanted == "repeat_last_n" and value < 0:
        because = "KoboldCPP counts the tokens and has no word for the whole context"
        left.append(Left(wanted, format_value(option(wanted), value), because))
        return {}
    names = NAMES[wanted] if wanted in _BOTH else NAMES[wanted][:1]
    plain = list(value) if isinstance(value, tuple) else value
    return {name: dumped(plain) for name in names}
