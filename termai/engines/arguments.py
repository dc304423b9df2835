"""A profile's options as llama-server's flags, in the spelling that the very binary knows.

The newest spelling is the one that the option declares. An option that is set to something
else than what happens anyway, and that no spelling fits, is reported by name.
"""

from collections.abc import Callable, Mapping

from termai.engines import device_names, values
from termai.engines.base import Detection
from termai.errors import UsageError
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS, Kind, Option, option

Arguments = tuple[str, ...]

_ELSEWHERE = frozenset({"path", "host", "port", "port_strict", "api_key_file", "cors_origins"})
_NEEDED: Mapping[str, str] = {
    "api_key_file": "--api-key-file",
    "cors_origins": "--cors-origins",
    "lora": "--lora-scaled",
}


def arguments(profile: Profile, binary: Detection) -> Arguments:
    """Return the flags for all options the profile sets, in the order of their declaration.

    Raises UsageError when the binary cannot do what an option asks for, or when a file that an
    option names is missing.
    """
    profile = device_names.placed(profile, binary)
    found: list[str] = []
    for declared in OPTIONS:
        if declared.flag and declared.key not in _ELSEWHERE and profile.is_set(declared.key):
            found += _one(declared, profile, binary)
    return tuple(found)


def known_flag(option: Option, binary: Detection) -> str:
    """Return the newest spelling of an option's flag that the binary knows, or an empty text."""
    spellings = (option.flag, *option.aliases)
    return next((flag for flag in spellings if flag in binary.options), "")


def lacks(option: Option, profile: Profile, binary: Detection) -> bool:
    """Tell whether ``arguments`` refuses what the profile says of one option.

    No file is looked for, so that this can be asked at any time.
    """
    if not option.flag or not profile.is_set(option.key):
        return False
    if option.key in _NEEDED:
        return _NEEDED[option.key] not in binary.options
    if option.key in _ELSEWHERE or profile.value(option.key) == option.default:
        return False
    if option.key in _SPECIAL:
        return _SPECIAL[option.key](profile, binary) is None
    if option.kind is Kind.SWITCH:
        return _switch(option, bool(profile.value(option.key)), binary) is None
    return not known_flag(option, binary)


def unknown(option: Option, profile: Profile, engine: str) -> UsageError:
    """Return the error for an option that the chosen program does not have."""
    return UsageError(
        f"{engine} cannot do what the profile {profile.name} asks for: it has no `{option.key}` "
        f"([{option.section}] {option.key} = {profile.value(option.key)!r}).",
        fix=f"Take {option.key} out of the profile, or use an engine that has it.",
    )


def _one(option: Option, profile: Profile, binary: Detection) -> Arguments:
    value = profile.value(option.key)
    if option.key in _SPECIAL:
        written = _SPECIAL[option.key](profile, binary)
    elif option.kind is Kind.SWITCH:
        written = _switch(option, bool(value), binary)
    else:
        flag = known_flag(option, binary)
        written = (flag, values.write(option, value)) if flag else None
    if written is None:
        if value == option.default:
            return ()
        version = f"{binary.program} ({binary.version})"
        raise unknown(option, profile, version)
    return written


def _switch(option: Option, on: bool, binary: Detection) -> Arguments | None:
    """Return the flag for a state; a binary that only knows the other one's flag is in it."""
    flag, opposite = (option.flag, option.off_flag) if on else (option.off_flag, option.flag)
    takes_value = binary.takes_value(option.flag)
    if takes_value:
        return option.flag, "on" if on else "off"
    if flag in binary.options:
        return (flag,)
    return () if opposite in binary.options else None


def _load_mode(profile: Profile, binary: Detection) -> Arguments | None:
    """Return the flags for mmap and mlock together: one mode now, two switches before."""
    mmap, mlock = bool(profile.value("mmap")), bool(profile.value("mlock"))
    if "--load-mode" in binary.options:
        mode = "+".join(name for name, on in (("mmap", mmap), ("mlock", mlock)) if on)
        return "--load-mode", mode or "none"
    wanted = ("--no-mmap",) * (not mmap) + ("--mlock",) * mlock
    return wanted if all(flag in binary.options for flag in wanted) else None


def _lock(profile: Profile, binary: Detection) -> Arguments | None:
    """Return nothing where mmap was set too, since that wrote the flags for both."""
    return () if profile.is_set("mmap") else _load_mode(profile, binary)


def _flash_attn(profile: Profile, binary: Detection) -> Arguments | None:
    wanted = str(profile.value("flash_attn"))
    if binary.takes_value("--flash-attn"):
        return "--flash-attn", wanted
    if "--flash-attn" not in binary.options:
        return None
    return ("--flash-attn",) if wanted == "on" else ()


def _gpu_layers(declared: Option) -> Callable[[Profile, Detection], Arguments | None]:
    """Return what writes a number of layers; older builds know neither "auto" nor "all"."""

    def write(profile: Profile, binary: Detection) -> Arguments | None:
        name = known_flag(declared, binary)
        wanted = str(profile.value(declared.key))
        if not name:
            return None
        if wanted.isdigit() or f"'{wanted}'" in binary.help[name].text:
            return name, wanted
        return (name, "999") if wanted == "all" or binary.uses_gpu else ()

    return write


def _lora(profile: Profile, binary: Detection) -> Arguments | None:
    adapters = [values.adapter(item) for item in profile.value("lora")]
    if "--lora-scaled" not in binary.options:
        return None
    if binary.help["--lora-scaled"].takes == "FNAME SCALE":
        return tuple(x for path, scale in adapters for x in ("--lora-scaled", path, str(scale)))
    plain = [values.csv_field(path) for path, scale in adapters if ":" in path and scale == 1]
    scaled = [(path, scale) for path, scale in adapters if not (":" in path and scale == 1)]
    for path, _ in scaled:
        if ":" in path:
            raise UsageError(
                f"llama-server cannot scale the LoRA adapter {path}: its path has a colon.",
                fix="Rename the file, or use it with scale = 1.",
            )
    fields = [values.csv_field(f"{path}:{scale}") for path, scale in scaled]
    return (
        *(("--lora", ",".join(plain)) if plain else ()),
        *(("--lora-scaled", ",".join(fields)) if fields else ()),
    )


def _override_kv(profile: Profile, binary: Detection) -> Arguments | None:
    """Return one list of overrides, or where the binary takes no list, one flag for each."""
    items = [str(item) for item in profile.value("override_kv")]
    if "--override-kv" not in binary.options:
        return None
    if "," in binary.help["--override-kv"].takes:
        return "--override-kv", ",".join(map(values.csv_field, items))
    return tuple(part for item in items for part in ("--override-kv", item))


def _parallel(profile: Profile, binary: Detection) -> Arguments | None:
    """Return the number of slots; older builds have no -1 for a number of their own choice."""
    wanted = str(profile.value("parallel"))
    about = binary.help.get("--parallel")
    if about is None:
        return None
    return () if wanted == "-1" and "-1" not in about.text else ("--parallel", wanted)


def _reasoning(profile: Profile, binary: Detection) -> Arguments | None:
    """Return the flag for thinking; before there was one, a budget of 0 switched it off."""
    wanted = str(profile.value("reasoning"))
    if "--reasoning" in binary.options:
        return "--reasoning", wanted
    if "--reasoning-budget" not in binary.options:
        return None
    return ("--reasoning-budget", "0") if wanted == "off" else ()


_SPECIAL: Mapping[str, Callable[[Profile, Detection], Arguments | None]] = {
    "mmap": _load_mode,
    "mlock": _lock,
    "flash_attn": _flash_attn,
    "n_gpu_layers": _gpu_layers(option("n_gpu_layers")),
    "n_gpu_layers_draft": _gpu_layers(option("n_gpu_layers_draft")),
    "lora": _lora,
    "override_kv": _override_kv,
    "parallel": _parallel,
    "reasoning": _reasoning,
}
