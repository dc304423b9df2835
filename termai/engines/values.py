"""How an option's value is written in a command line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from termai.errors import NotFoundError
from termai.paths import config_dir, expanded
from termai.profiles.schema import Kind, Option

_MODELS = frozenset({"mmproj", "model_draft"})


_FOUND: ContextVar[Mapping[str, Path] | None] = ContextVar("found", default=None)


@contextmanager
def found_already(files: Mapping[str, Path]) -> Iterator[None]:
    """Spare the search for model files, by reference, that the caller has found a moment ago."""
    token = _FOUND.set(files)
    try:
        yield
    finally:
        _FOUND.reset(token)


def write(option: Option, value: Any) -> str:
    """Return ``value`` as one argument; a file it names is found, or NotFoundError is raised."""
    if option.key in _MODELS:
        return model_file(str(value))
    if option.kind is Kind.PATH:
        return str(own_file(str(value)))
    if isinstance(value, tuple | list):
        return ",".join(_number(item) for item in value)
    return _number(value)


def model_file(reference: str) -> str:
    """Return the path of a model, adapter or projector; a relative one is in the library."""
    from termai.models.resolve import resolve

    return str((_FOUND.get() or {}).get(reference) or resolve(reference))


def own_file(named: str) -> Path:
    """Return the path of one of the user's files; a relative one is in the config directory."""
    path = config_dir() / expanded(named)
    if not path.is_file():
        raise NotFoundError(f"{path}, which the profile names, does not exist.")
    return path


def adapter(item: Any) -> tuple[str, float]:
    """Return the path of a LoRA adapter's file and its scale."""
    path, scale = item
    return model_file(str(path)), scale


def csv_field(text: str) -> str:
    """Quote a field of a list where llama.cpp would split it (common/arg.cpp, parse_csv_row)."""
    if "," not in text and '"' not in text:
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
