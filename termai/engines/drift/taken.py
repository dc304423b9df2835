"""What values a flag takes, as far as the program's help says so."""

import re
from dataclasses import dataclass

from termai.engines.base import OptionHelp

_BRACES = re.compile(r"\{([\w+.-]+(?:,[\w+.-]+)*)\}")
_BRACKETS = re.compile(r"\[([\w+.-]+(?:\|[\w+.-]+)+)\]")
_LISTED = re.compile(r"[a-z][a-z0-9-]*(?:,[a-z][a-z0-9-]*)+")
_ALLOWED = re.compile(r"allowed values: ([\w.]+(?:, [\w.]+)*)")
_BULLET = re.compile(r"(?:^|\s)- ([a-z][\w+-]*)(?: \(default\))?:")
_DEFAULT = re.compile(r"\(default: ([\w+-]+)\)")
_NUMBER = re.compile(r"\s*[+-]?(\d|\.\d|inf|nan)")
NUMBERS = frozenset({"N", "START", "END", "SCALE", "SEED", "INDEX", "SECONDS", "SIMILARITY"})
"""What stands in the help for a value that is read as a number."""
_SAME = {
    "on": ("on", "enabled", "true", "1"),
    "off": ("off", "disabled", "false", "0"),
    "auto": ("auto", "-1"),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """The values that a flag takes. ``sure``: whether the program refuses all others."""

    values: tuple[str, ...]
    sure: bool = True
    several: bool = False

    def refuses(self, value: str) -> bool:
        """Tell whether a value is none of them; where ``several`` holds, of a list of them."""
        parts = value.split(",") if self.several else [value]
        accepted = {same for known in self.values for same in _SAME.get(known, (known,))}
        return not accepted.issuperset(parts)


def taken(about: OptionHelp) -> Taken | None:
    """Return the values that a flag takes, None where its help does not list them."""
    if match := _BRACES.fullmatch(about.takes):
        return Taken(tuple(match[1].split(",")))
    if match := _BRACKETS.fullmatch(about.takes):
        return Taken(tuple(match[1].split("|")))
    if _LISTED.fullmatch(about.takes):
        return Taken(tuple(about.takes.split(",")), several=True)
    if match := _ALLOWED.search(about.text):
        return Taken(tuple(match[1].split(", ")))
    bullets = _BULLET.findall(about.text)
    if len(bullets) < 2:
        return None
    return Taken((*bullets, *_DEFAULT.findall(about.text)), sure=False)


def is_number(value: str) -> bool:
    """Tell whether llama-server reads a number at the beginning of a value (std::stoi, stof)."""
    return bool(_NUMBER.match(value.lower()))
