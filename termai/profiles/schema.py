"""Every launch option, declared once, by key."""

from collections.abc import Iterable

from termai.errors import UsageError
from termai.profiles.declared import (
    advanced,
    attention,
    chat,
    gpu,
    memory,
    model,
    sampling,
    server,
    speed,
    vllm,
)
from termai.profiles.option import (
    EMBEDDED,
    ENGINES,
    KOBOLDCPP,
    LLAMA_CPP,
    NATIVE,
    REMOTE,
    VLLM,
    Adapter,
    Kind,
    Option,
)
from termai.text import one_line

__all__ = [
    "AUTO",
    "EMBEDDED",
    "ENGINES",
    "GROUPS",
    "KOBOLDCPP",
    "LLAMA_CPP",
    "NATIVE",
    "OPTIONS",
    "REMOTE",
    "SECTIONS",
    "VLLM",
    "Adapter",
    "Kind",
    "Option",
    "in_group",
    "nearest",
    "option",
]

AUTO = "auto"
SECTIONS = ("model", "load", "server", "sampling", "chat")

_MODULES = (model, memory, gpu, speed, attention, sampling, chat, server, advanced, vllm)

GROUPS = tuple(module.GROUP for module in _MODULES)
OPTIONS: tuple[Option, ...] = tuple(option for module in _MODULES for option in module.OPTIONS)

_BY_KEY = {declared.key: declared for declared in OPTIONS}


def option(key: str) -> Option:
    """Return the option called ``key``; raises UsageError that names the nearest ones."""
    found = _BY_KEY.get(key)
    if found is None:
        raise UsageError(f"There is no option {one_line(key, 60)!r}.{nearest(key, _BY_KEY)}")
    return found


def in_group(group: str) -> tuple[Option, ...]:
    """Return the options of one of ``GROUPS``, in the order in which a form shows them."""
    return tuple(declared for declared in OPTIONS if declared.group == group)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean …?`` for the known words closest to ``word``, or nothing."""
    import difflib

    close = difflib.get_close_matches(word[:60], list(known), n=3)
    return f" Did you mean {' or '.join(close)}?" if close else ""
