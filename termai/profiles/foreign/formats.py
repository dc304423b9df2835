"""Every kind of file that profiles are read from and written to, each loaded when it is needed."""

import importlib
from types import MappingProxyType

from termai.errors import UsageError
from termai.profiles.foreign.base import Format
from termai.profiles.schema import nearest
from termai.text import one_line

MODULES = MappingProxyType(
    {
        "koboldcpp": "koboldcpp",
        "lm-studio": "lm_studio",
        "ollama": "ollama",
        "termai": "own",
        "llama-router": "llama_router",
        "llama-swap": "llama_swap",
        "llama-server": "command_line",
    }
)
"""The module of each format, below this package; a text is offered to the formats in this order,
so the least particular is last."""

NAMES = tuple(MODULES)


def format_named(name: str) -> Format:
    """Return the format called ``name``; raises UsageError that names the known ones."""
    module = MODULES.get(name)
    if module is None:
        raise UsageError(
            f"There is no format {one_line(name, 60)!r}.{nearest(name, NAMES)}",
            fix=f"The formats are: {', '.join(NAMES)}.",
        )
    loaded = importlib.import_module(f"termai.profiles.foreign.{module}")
    found: Format = loaded.FORMAT
    return found


def formats() -> tuple[Format, ...]:
    """Return every format, in the order of ``NAMES``."""
    return tuple(format_named(name) for name in NAMES)
