"""What one flag of llama-server means among termai's options, in any of its spellings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from termai.profiles.flags.facts import ODD_ENV, SWITCHES
from termai.profiles.reading import flag_of
from termai.profiles.schema import OPTIONS, Kind, Option, option

_ENV = "LLAMA_ARG_"
_ENV_OFF = "LLAMA_ARG_NO_"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A flag of llama-server as an option.

    takes: whether a value follows the flag. values: what the flag says without one, by option
    key; where ``takes`` holds too, the value may be left out, as older builds have it.
    """

    option: Option
    takes: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)


def meaning(flag: str) -> Meaning | None:
    """Return what a flag says in its old or new, long or short spelling; None when no option.

    As llama-server does, ``_`` in a long flag is read as ``-``.
    """
    return _meanings().get(spelt(flag))


def spelt(flag: str) -> str:
    """Return a flag without ``=VALUE`` behind it, with ``-`` for ``_`` where it is a long one."""
    return flag_of(flag) if flag.startswith("--") else flag.partition("=")[0]


def flag_of_env(name: str) -> str | None:
    """Return the flag that an environment variable of llama-server stands for, if it is one.

    ``LLAMA_ARG_NO_X`` stands for the flag that switches X off.
    """
    if name in ODD_ENV:
        return ODD_ENV[name]
    if not name.startswith(_ENV):
        return None
    return "--" + name.removeprefix(_ENV).lower().replace("_", "-")


def is_off_form(flag: str) -> bool:
    """Tell whether a flag, followed by no value, switches something off."""
    found = meaning(flag)
    if found:
        return not found.takes and False in found.values.values()
    return flag.startswith(("--no-", "-no-", "-no")) and flag != "--no-host"


def contrary(flag: str) -> str:
    """Return the flag that says the opposite of one without a value, empty if there is none."""
    found = meaning(flag)
    if found is None:
        return SWITCHES.get(flag) or next((on for on, off in SWITCHES.items() if off == flag), "")
    wanted = {key: not value for key, value in found.values.items()}
    return next((name for name, other in _meanings().items() if other.values == wanted), "")


@cache
def _meanings() -> Mapping[str, Meaning]:
    return dict(_declared()) | dict(_odd())


def _declared() -> Iterator[tuple[str, Meaning]]:
    for declared in OPTIONS:
        spellings = (declared.flag, *declared.aliases) if declared.flag else ()
        switch = declared.kind is Kind.SWITCH and declared.key != "fit"
        says = {declared.key: True} if switch else {}
        for flag in spellings:
            yield flag, Meaning(declared, takes=not switch, values=says)
        if declared.off_flag:
            yield declared.off_flag, Meaning(declared, takes=False, values={declared.key: False})


def _odd() -> Iterator[tuple[str, Meaning]]:
    """Yield what the declarations do not say: further spellings and flags for two options."""
    for flag in ("--load-mode", "-lm"):
        yield flag, Meaning(option("mmap"))
    for flag, key, value in _SAYING:
        yield flag, Meaning(option(key), takes=False, values={key: value})
    for flag in ("--flash-attn", "-fa"):
        yield flag, Meaning(option("flash_attn"), values={"flash_attn": "on"})
    for flag, key in _FURTHER:
        yield flag, Meaning(option(key))


_SAYING: tuple[tuple[str, str, Any], ...] = (
    ("--mmap", "mmap", True),
    ("--no-mmap", "mmap", False),
    ("--mlock", "mlock", True),
    ("-nkvo", "kv_offload", False),
    ("-no-kvu", "kv_unified", False),
    ("-nr", "repack", False),
    ("-no-fa", "flash_attn", "off"),
    ("--no-flash-attn", "flash_attn", "off"),
)
_FURTHER = (
    ("--lora", "lora"),
    ("-hf", "path"),
    ("-hfr", "path"),
    ("--hf-repo", "path"),
    ("-hff", "path"),
    ("--hf-file", "path"),
    ("--spec-draft-hf", "model_draft"),
    ("-hfd", "model_draft"),
    ("-hfrd", "model_draft"),
    ("--hf-repo-draft", "model_draft"),
    ("-sys", "system_prompt"),
    ("--system-prompt", "system_prompt"),
    ("--model-url", "path"),
    ("-mu", "path"),
    ("--mmproj-url", "mmproj"),
    ("-mmu", "mmproj"),
)
