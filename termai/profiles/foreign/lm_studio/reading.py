"""An LM Studio preset, or the default config that it keeps of a model, as a profile."""

import re
from pathlib import Path
from typing import Any

from termai.errors import InvalidFileError
from termai.profiles.foreign.base import TEXT_LIMIT, Imported, Source
from termai.profiles.foreign.lm_studio import legacy
from termai.profiles.foreign.lm_studio.document import Said, fields_of
from termai.profiles.foreign.lm_studio.draft import NAME, Draft
from termai.profiles.foreign.lm_studio.fields import (
    AGAIN,
    BY_KEY,
    LOAD,
    OPERATION,
    UNKNOWN,
    WHY,
    Field,
    says_nothing,
)
from termai.profiles.foreign.lm_studio.special import DRAFT_MTP, DRAFT_SIMPLE, SPECIAL
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.text import one_line

_CONFIGS = "user-concrete-model-default-config"
_SUFFIXES = re.compile(r"(\.preset)?\.json$", re.IGNORECASE)
_TOP = frozenset({"identifier", "name", "changed", "preset", "$schema"})
_DRAFTING = "draft-simple"


def read(source: Source) -> tuple[Imported, ...]:
    """Return the profile that a preset makes; it names no model, but for a model's own config.

    Raises InvalidFileError that names the file, the key and what was expected.
    """
    if len(source.text) > TEXT_LIMIT:
        raise InvalidFileError(f"{source.name}: expected at most {TEXT_LIMIT} characters.")
    said, twice = fields_of(source.text, source.name)
    draft = Draft(source)
    _first(draft, {one.key: one for one in said if one.section in (OPERATION, LOAD)})
    for one in said:
        _take(draft, one)
    draft.notes += [f"{one_line(key, 60)} stands twice; the last one counts." for key in twice]
    if model := _model(source.path):
        draft.values = {"path": model, **draft.values}
    else:
        draft.notes.append("A preset of LM Studio names no model: choose one for the profile.")
    kept = draft.keeping.as_kept()
    profile = Profile(_name(source, said), values=draft.values, env=draft.env, kept=kept)
    return (Imported(profile, tuple(draft.keeping.left), tuple(draft.notes)),)


def _first(draft: Draft, said: dict[str, Said]) -> None:
    """Read the fields that an option is, in an order in which none depends on a later one."""
    for key, field in BY_KEY.items():
        if key in said:
            _field(draft, field, said[key])
    for key, special in SPECIAL.items():
        if key in said and said[key].value is not None:
            special(draft, said[key])
    for key, field in AGAIN.items():
        if key not in said:
            continue
        if field.option in draft.values:
            draft.leave(said[key], "another field of the file says it")
        else:
            _field(draft, field, said[key])
    if "model_draft" in draft.values and not {DRAFT_SIMPLE, DRAFT_MTP} & said.keys():
        draft.values["spec_type"] = _DRAFTING


def _field(draft: Draft, field: Field, said: Said) -> None:
    value: Any = said.value
    if field.box and value is False:
        value = {"checked": False}
    if isinstance(value, dict) and isinstance(value.get("checked"), bool):
        if not value["checked"]:
            if field.off is None:
                draft.quiet(said)
            else:
                draft.set(field.option, field.off, said)
            return
        value = value.get("value")
    if value is None:
        draft.quiet(said)
        return
    if field.option == "top_k" and value == -1:
        value = 0
    draft.set(field.option, value, said)


def _take(draft: Draft, said: Said) -> None:
    """Keep what is no option, and list what says something."""
    if not said.section:
        if said.key in legacy.SECTIONS:
            legacy.read(draft, said)
        elif said.key in _TOP:
            draft.quiet(said)
        elif "/" in said.key:
            draft.miss(said, UNKNOWN)
        else:
            draft.leave(said, UNKNOWN)
    elif "." in said.section:
        draft.miss(said, UNKNOWN)
    elif said.key in BY_KEY or said.key in SPECIAL or said.key in AGAIN:
        if said.value is None and said.key in SPECIAL:
            draft.quiet(said)
    elif says_nothing(said.key, said.value):
        draft.quiet(said)
    else:
        draft.leave(said, WHY.get(said.key, UNKNOWN))


def _model(path: Path | None) -> str:
    """Return the model that a config of LM Studio's is about, by its place in a library."""
    parts = path.absolute().parts if path else ()
    if _CONFIGS not in parts:
        return ""
    below = "/".join(parts[parts.index(_CONFIGS) + 1 :])
    return below.removesuffix(".json") if below.lower().endswith(".gguf.json") else ""


def _name(source: Source, said: tuple[Said, ...]) -> str:
    named = next((one.value for one in said if one.key == "name" and not one.section), "")
    if isinstance(named, str) and named.strip():
        return name_for(named, NAME)
    stem = _SUFFIXES.sub("", source.path.name).removesuffix(".gguf") if source.path else ""
    return name_for(stem, NAME)
