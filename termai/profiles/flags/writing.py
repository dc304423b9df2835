"""A profile as the words behind ``llama-server``, in the newest spelling, without any binary."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from termai.paths import config_dir, expanded
from termai.profiles.flags.texts import is_repository
from termai.profiles.foreign.base import Left
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, NATIVE, OPTIONS, Adapter, Kind, Option
from termai.profiles.values import format_value
from termai.text import one_line

_HUB = "hub:"
_MODELS = {"path": "-hf", "model_draft": "-hfd", "mmproj": ""}
_NO_COMMA = "an item of it has a comma, at which llama-server would split it"
_ONLY_TERMAI = "llama-server has no flag for it"
SHOWN = 60  # characters of a value that a report shows


@dataclass(frozen=True, slots=True)
class Written:
    """The words behind ``llama-server``, and what of the profile they lack."""

    words: tuple[str, ...]
    left: tuple[Left, ...] = ()


def write(profile: Profile, locate: Callable[[str], str] = str) -> tuple[str, ...]:
    """Return the words that say what the profile says, see ``written``."""
    return written(profile, locate).words


def written(profile: Profile, locate: Callable[[str], str] = str) -> Written:
    """Return the words that say what the profile says, the model first, its [args] last.

    locate: turns a reference to a model, projector or adapter into a path. A repository of the
    hub that it leaves as it is becomes ``-hf``. A switch that is off by itself is not written.
    Files of the user are made absolute. Keys are named by their file, never written.
    """
    words: list[str] = []
    left: list[Left] = []
    for declared in OPTIONS:
        if not profile.is_set(declared.key):
            continue
        value = profile.values[declared.key]
        try:
            words += _one(declared, value, profile, locate)
        except _LackingError as error:
            shown = one_line(format_value(declared, value), SHOWN)
            left.append(Left(f"{declared.section}.{declared.key}", shown, str(error)))
    words += profile.args.get(NATIVE, ())
    return Written(tuple(words), (*left, *_left_of(profile)))


class _LackingError(Exception):
    """A value that a command line cannot say; the text says why."""


def _one(
    where: Option, value: Any, profile: Profile, locate: Callable[[str], str]
) -> tuple[str, ...]:
    if where.key in ("mmap", "mlock"):
        return _load_mode(where.key, profile)
    if not where.flag:
        raise _LackingError(_ONLY_TERMAI)
    if where.key in _MODELS:
        return _model(where, str(value), locate)
    if where.key in _BY_KEY:
        return _BY_KEY[where.key](value, locate)
    if where.kind is Kind.SWITCH:
        flag = where.flag if value else where.off_flag
        return (flag,) if flag else ()
    return where.flag, _text(where, value)


def _text(where: Option, value: Any) -> str:
    if where.kind is Kind.PATH:
        return str(config_dir() / expanded(str(value)))
    if where.kind is Kind.LIST:
        if any("," in item for item in value):
            raise _LackingError(_NO_COMMA)
        return ",".join(value)
    if where.kind is Kind.NUMBERS:
        return ",".join(map(_number, value))
    return _number(value)


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _load_mode(key: str, profile: Profile) -> tuple[str, ...]:
    """Return the one flag for mmap and mlock, once."""
    if key == "mlock" and profile.is_set("mmap"):
        return ()
    names = [name for name in ("mmap", "mlock") if profile.value(name)]
    return "--load-mode", "+".join(names) or "none"


def _model(where: Option, reference: str, locate: Callable[[str], str]) -> tuple[str, ...]:
    found = locate(reference)
    hub_flag = _MODELS[where.key]
    if hub_flag and is_repository(found):
        return hub_flag, found.removeprefix(_HUB)
    return where.flag, found


def _lora(value: tuple[Adapter, ...], locate: Callable[[str], str]) -> tuple[str, ...]:
    """Return the adapters: a plain list of those with a colon in their path, else scaled ones."""
    found = [(locate(adapter.path), adapter.scale) for adapter in value]
    if any(":" in path and scale != 1 for path, scale in found):
        raise _LackingError("the path of a scaled adapter has a colon")
    plain = [quoted(path) for path, _ in found if ":" in path]
    scaled = [quoted(f"{path}:{scale}") for path, scale in found if ":" not in path]
    return (
        *(("--lora", ",".join(plain)) if plain else ()),
        *(("--lora-scaled", ",".join(scaled)) if scaled else ()),
    )


def quoted(field: str) -> str:
    """Return a field of a list as llama.cpp's parse_csv_row reads it whole."""
    if "," not in field and '"' not in field:
        return field
    doubled = field.replace('"', '""')
    return f'"{doubled}"'


def _left_of(profile: Profile) -> Iterator[Left]:
    """Yield what else a profile says that is no flag of llama-server."""
    if profile.engine not in (AUTO, NATIVE):
        yield Left("engine", profile.engine, "the command line is llama-server's")
    for engine, args in profile.args.items():
        if engine != NATIVE and args:
            yield Left(f"args.{engine}", one_line(" ".join(args), SHOWN), "another engine's")


_BY_KEY: Mapping[str, Callable[[Any, Callable[[str], str]], tuple[str, ...]]] = {
    "lora": _lora,
    "override_kv": lambda value, _: ("--override-kv", ",".join(map(quoted, value))),
    "fit": lambda value, _: ("--fit", "on" if value else "off"),
}
