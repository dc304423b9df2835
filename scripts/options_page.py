"""Writes docs/options.md from the declarations of the options.

Run as ``python -m scripts.options_page``; a test fails when the page is older than they are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from termai.profiles.schema import (
    GROUPS,
    KOBOLDCPP,
    LLAMA_CPP,
    OPTIONS,
    REMOTE,
    VLLM,
    Option,
    in_group,
)
from termai.profiles.values import expectation

PAGE = Path(__file__).resolve().parent.parent / "docs" / "options.md"

_HEAD = f"""\
# Every option of a profile

Written by `python -m scripts.options_page` from the declarations in `termai/profiles/declared`.
How profiles work is in [profiles.md](profiles.md).

There are {len(OPTIONS)} options. The default is what llama-server does when a profile says
nothing; where it is "none", that depends on the model or the machine. An option that only one
engine knows says so; the others are known to both of llama.cpp's, {" and ".join(LLAMA_CPP)}. The
engines {KOBOLDCPP}, {VLLM} and {REMOTE} (engines-others.md) know those that say so.
"""


def page() -> str:
    """Return the reference page in Markdown."""
    return _HEAD + "".join(line for group in GROUPS for line in _group(group))


def _group(group: str) -> Iterator[str]:
    yield f"\n## {group}\n"
    for option in in_group(group):
        yield f"\n### {option.key}\n\n{' · '.join(_facts(option))}\n\n{option.help}\n"


def _facts(option: Option) -> Iterator[str]:
    yield f"`[{option.section}]`"
    yield expectation(option)
    if option.unit:
        yield f"in {option.unit}"
    yield f"default {_default(option)}"
    flags = " / ".join(f"`{flag}`" for flag in (option.flag, option.off_flag) if flag)
    if flags:
        yield f"llama-server {flags}"
    others = [name for name in (KOBOLDCPP, VLLM, REMOTE) if option.known_to(name)]
    if len(option.engines) == 1 and not others:
        yield f"only {next(iter(option.engines))}"
    elif len(option.engines) == 1:
        yield f"only {', '.join(dict.fromkeys((*option.engines, *others)))}"
    elif others:
        yield f"also {', '.join(others)}"


def _default(option: Option) -> str:
    if option.default in (None, "", ()):
        return "none"
    return f"`{_toml(option.default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    PAGE.write_text(page())
