"""The check of a profile's options: those that the engine does not have, or not with that value."""

from collections.abc import Iterator

from termai.engines import device_names, embedded, foreign
from termai.engines.arguments import known_flag, lacks
from termai.engines.base import Detection
from termai.engines.drift.found import Drift, named
from termai.engines.drift.taken import taken
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, NATIVE, OPTIONS, Kind, Option
from termai.profiles.values import format_value
from termai.text import one_line


def check_options(profile: Profile, binary: Detection) -> Iterator[Drift]:
    """Yield what is wrong with the options that a profile sets, in their declaration's order."""
    for declared in OPTIONS:
        if not profile.is_set(declared.key):
            continue
        if binary.engine == EMBEDDED:
            found = _of_embedded(declared, profile, binary)
        elif binary.engine == NATIVE:
            found = _of_native(declared, profile, binary)
        else:
            found = _of_foreign(declared, profile, binary)
        if found:
            yield found


def _of_native(declared: Option, profile: Profile, binary: Detection) -> Drift | None:
    if lacks(declared, profile, binary):
        return _lacking(declared, profile, binary)
    flag = known_flag(declared, binary)
    where = f"{declared.section}.{declared.key}"
    trouble = device_names.trouble(profile, binary) if declared.key == "device" else None
    if trouble:
        return Drift(where, flag, trouble.message, fatal=True, advice=trouble.fix)
    takes = taken(binary.help[flag]) if flag and declared.kind is Kind.CHOICE else None
    value = str(profile.value(declared.key))
    if takes is None or value == declared.default or not takes.refuses(value):
        return None
    text = f"{flag} takes {', '.join(takes.values)} in {named(binary)}, not {where} = {value}."
    return Drift(where, flag, text, fatal=takes.sure)


def _of_embedded(declared: Option, profile: Profile, binary: Detection) -> Drift | None:
    return _lacking(declared, profile, binary) if embedded.refuses(declared, profile) else None


def _of_foreign(declared: Option, profile: Profile, binary: Detection) -> Drift | None:
    refused = foreign.refuses(declared, profile, binary.engine)
    return _lacking(declared, profile, binary) if refused else None


def _lacking(declared: Option, profile: Profile, binary: Detection) -> Drift:
    where = f"{declared.section}.{declared.key}"
    value = one_line(format_value(declared, profile.value(declared.key)), 40)
    text = f"{named(binary)} has no `{declared.key}`, and the profile says {where} = {value}."
    return Drift(where, declared.flag, text, fatal=True)
