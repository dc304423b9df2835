"""Reading what llama.cpp's programs print about themselves (common/arg.cpp, common_arg)."""

import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from termai.engines.base import OptionHelp

_FLAG = re.compile(r"(--?[A-Za-z][\w.-]*)(,?\s*)")
_COLUMNS = re.compile(r"\s{2,}")
_DEVICE = re.compile(r"^\s+([A-Za-z]\w*): (.+)")
_SIZES = re.compile(r"\(\d+ MiB, \d+ MiB free\)\s*$")
_NOT_GPU = ("CPU", "BLAS", "RPC")
_REMOVED = "argument has been removed"
_HEADING = re.compile(r"^----- .+ -----$", re.MULTILINE)
_NAMED = re.compile(r"(?<![\w-])--[\w*-]*\w")


def parse_help(text: str) -> dict[str, OptionHelp]:
    """Return every flag that ``--help`` offers; those it calls removed are left out."""
    return {flag: about for flag, about in _flags(text) if _REMOVED not in about.text}


def parse_removed(text: str) -> dict[str, tuple[str, ...]]:
    """Return every flag that ``--help`` calls removed, with those it says to use instead.

    A successor that it writes with an asterisk stands for all the flags it fits.
    """
    described = dict(_flags(text))
    known = [flag for flag, about in described.items() if _REMOVED not in about.text]
    return {
        flag: _successors(about.text.partition(_REMOVED)[2], known)
        for flag, about in described.items()
        if _REMOVED in about.text
    }


def is_complete(text: str) -> bool:
    """Tell whether ``--help`` is written from the parser's own table and so names every flag.

    llama.cpp's has been since September 2024, under headings such as ``----- common params -----``
    (common_params_print_usage); before, and in older forks, both were written by hand.
    """
    return bool(_HEADING.search(text))


def parse_version(text: str) -> str:
    """Return what follows ``version:`` in the output of ``--version``, or an empty text."""
    match = re.search(r"^version:\s*(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else ""


def parse_devices(text: str) -> dict[str, str]:
    """Return the GPU devices in the output of ``--list-devices``: names and descriptions."""
    told = [match for line in text.splitlines() if (match := _DEVICE.match(line))]
    return {
        name: _SIZES.sub("", description).strip()
        for name, description in (match.groups() for match in told)
        if not name.startswith(_NOT_GPU)
    }


def _flags(text: str) -> Iterator[tuple[str, OptionHelp]]:
    for head, rest in _entries(text):
        flags, takes, described = _split_head(head)
        about = OptionHelp(takes, " ".join([described, *rest]).strip())
        for flag in flags:
            yield flag, about


def _successors(text: str, known: Collection[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for named in _NAMED.findall(text):
        found.update(dict.fromkeys(flag for flag in known if fnmatchcase(flag, named)))
    return tuple(found)


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    head, rest = "", list[str]()
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if re.match(r"\s{0,4}--?[A-Za-z]", line):
            if head:
                yield head, rest
            head, rest = line.strip(), []
        elif indent == 0:
            if head:
                yield head, rest
            head, rest = "", []
        elif head:
            rest.append(line.strip())
    if head:
        yield head, rest


def _split_head(head: str) -> tuple[list[str], str, str]:
    """Split ``-c, --ctx-size N   size of ...`` into flags, placeholder and description."""
    flags: list[str] = []
    position = 0
    while match := _FLAG.match(head, position):
        flags.append(match[1])
        position = match.end()
        if not match[2].startswith(","):
            break
    gap = len(match[2]) if match else 0
    rest = head[position:]
    if gap >= 2 or not rest:
        return flags, "", rest
    takes, *described = _COLUMNS.split(rest, maxsplit=1)
    return flags, takes, " ".join(described)
