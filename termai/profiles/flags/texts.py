"""The values of llama-server's flags: what each text means to its option."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from termai.profiles.flags.facts import FETCH
from termai.profiles.schema import Adapter, Kind, Option, option
from termai.profiles.values import RefusedValueError, check

_ON = {"on", "enabled", "true", "1"}
_OFF = {"off", "disabled", "false", "0"}
_AUTO = {"auto", "-1"}
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_REFERENCE = re.compile(r"hub:[\w.-]+/[\w.-]+(:[^:\s]+)?", re.ASCII)
_LOAD_MODES: Mapping[str, Mapping[str, bool]] = {
    "auto": {},
    "none": {"mmap": False},
    "mmap": {"mmap": True},
    "mlock": {"mmap": False, "mlock": True},
    "mmap+mlock": {"mlock": True},
}
_LAYERS = {"-1": "auto", "-2": "all"}


class NotHeldError(Exception):
    """A value that llama-server takes and the option cannot hold; the text says why."""


class RefusedTextError(Exception):
    """A value that is not taken; the text says why."""


def is_on(text: str) -> bool | None:
    """Return what llama-server takes a text for: on, off, or None for neither."""
    return True if text in _ON else False if text in _OFF else None


def values_of(flag: str, where: Option, text: str) -> Mapping[str, Any]:
    """Return the option values, checked, that a flag with its value stands for.

    Raises NotHeldError for a value that only llama-server can be given, and RefusedTextError for
    one that the option does not take.
    """
    found = _BY_FLAG[flag](text) if flag in _BY_FLAG else {where.key: _read(where, text)}
    try:
        checked = {key: check(option(key), value) for key, value in found.items()}
    except RefusedValueError as error:
        raise RefusedTextError(error.expected) from error
    return {key: value for key, value in checked.items() if value is not None}


def fields(text: str) -> list[str]:
    """Return the fields of a list in which a field may be quoted (parse_csv_row)."""
    found: list[str] = []
    field, quoted, position = "", False, 0
    while position < len(text):
        character = text[position]
        if character == '"' and quoted and text[position + 1 : position + 2] == '"':
            field += '"'
            position += 1
        elif character == '"' and (quoted or not field):
            quoted = not quoted
        elif character == "," and not quoted:
            found.append(field)
            field = ""
        else:
            field += character
        position += 1
    return [*found, field]


def scaled(text: str) -> Adapter | None:
    """Return the adapter that ``FILE:SCALE`` names; None where no scale stands behind it."""
    path, _, scale = text.rpartition(":")
    try:
        return Adapter(path, float(scale)) if path else None
    except ValueError:
        return None


def hub_file(url: str) -> str:
    """Return ``ORG/NAME/FILE`` of an address on Hugging Face, empty for any other."""
    parts = urlsplit(url)
    steps = [unquote(step) for step in parts.path.split("/") if step]
    on_hub = parts.hostname in {"huggingface.co", "hf.co"}
    if not on_hub or len(steps) < 5 or steps[2] not in {"resolve", "blob"}:
        return ""
    return "" if ".." in steps else "/".join([*steps[:2], *steps[4:]])


def repository(text: str) -> str:
    """Return ``ORG/NAME[:QUANT]`` as a model reference; raises RefusedTextError."""
    name, _, quant = text.partition(":")
    if not _REPOSITORY.fullmatch(name):
        raise RefusedTextError("expected ORG/NAME or ORG/NAME:QUANT")
    return f"hub:{name}:{quant}" if quant else f"hub:{name}"


def is_repository(reference: str) -> bool:
    """Tell whether a model reference is one that ``repository`` returns."""
    return bool(_REFERENCE.fullmatch(reference))


def _read(where: Option, text: str) -> Any:
    if where.key in _BY_KEY:
        return _BY_KEY[where.key](text)
    reader = _BY_KIND.get(where.kind)
    return reader(text) if reader else text


def _whole(text: str) -> int | str:
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()) else text


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _numbers(text: str) -> list[Any]:
    return [_number(part) for part in re.split(r"[,/]+", text)]


def _switch(text: str) -> bool | str:
    on = is_on(text)
    return text if on is None else on


def _three(text: str) -> str:
    if text in _AUTO:
        return "auto"
    on = is_on(text)
    return text if on is None else "on" if on else "off"


def _layers(text: str) -> int | str:
    return _LAYERS.get(text) or _whole(text)


def _one_of_several(text: str) -> int | str:
    if re.fullmatch(r"[0-9]+([,/][0-9]+)+", text):
        raise NotHeldError("the option holds one number for all devices")
    return _whole(text)


def _kind_of_draft(text: str) -> str:
    if "," in text:
        raise NotHeldError("the option holds one kind")
    return text


def _adapters(text: str) -> list[Adapter]:
    return [Adapter(path) for path in fields(text)]


def _load_mode(text: str) -> Mapping[str, Any]:
    if text == "dio":
        raise NotHeldError("no option asks for direct I/O")
    if text not in _LOAD_MODES:
        raise RefusedTextError(f"expected one of {', '.join([*_LOAD_MODES, 'dio'])}")
    return _LOAD_MODES[text]


def _scaled_adapters(text: str) -> Mapping[str, Any]:
    found = [scaled(item) for item in fields(text)]
    adapters = tuple(adapter for adapter in found if adapter)
    if len(adapters) < len(found):
        raise RefusedTextError("expected FILE:SCALE, or several separated by commas")
    return {"lora": adapters}


def _repository(key: str) -> Callable[[str], Mapping[str, Any]]:
    return lambda text: {key: repository(text)}


def _url(key: str) -> Callable[[str], Mapping[str, Any]]:
    def read(text: str) -> Mapping[str, Any]:
        found = hub_file(text)
        if not found:
            raise RefusedTextError(FETCH)
        return {key: found}

    return read


_BY_KEY: Mapping[str, Callable[[str], Any]] = {
    "flash_attn": _three,
    "reasoning": _three,
    "n_gpu_layers": _layers,
    "n_gpu_layers_draft": _layers,
    "fit_target": _one_of_several,
    "spec_type": _kind_of_draft,
    "override_kv": fields,
}
_BY_KIND: Mapping[Kind, Callable[[str], Any]] = {
    Kind.WHOLE: _whole,
    Kind.NUMBER: _number,
    Kind.NUMBERS: _numbers,
    Kind.SWITCH: _switch,
    Kind.LIST: lambda text: text.split(","),
    Kind.ADAPTERS: _adapters,
}
_BY_FLAG: Mapping[str, Callable[[str], Mapping[str, Any]]] = (
    dict.fromkeys(("--load-mode", "-lm"), _load_mode)
    | {"--lora-scaled": _scaled_adapters}
    | dict.fromkeys(("-hf", "-hfr", "--hf-repo"), _repository("path"))
    | dict.fromkeys(
        ("--spec-draft-hf", "-hfd", "-hfrd", "--hf-repo-draft"), _repository("model_draft")
    )
    | dict.fromkeys(("-mu", "--model-url"), _url("path"))
    | dict.fromkeys(("-mmu", "--mmproj-url"), _url("mmproj"))
)
