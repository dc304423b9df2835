"""Where the files that a shell reads at its start say something of PATH."""

import re
from collections.abc import Sequence
from pathlib import Path

from termai.environment import programs, shells
from termai.environment.remedy import Remedy
from termai.text import one_line

_NAMES = (
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".zshrc",
    ".zshenv",
    ".zprofile",
    ".config/fish/config.fish",
)
_REPLACES = re.compile(r"^\s*(?:export\s+)?PATH=(?!.*\bPATH\b)", re.MULTILINE)
_BEFORE, _AFTER = (
    r"(?<![\w./~$}-])",
    r"/?(?![\w./-])",
)  # around a directory that is not a part of one
_SHOWN = 3


def setters(home: Path | None = None) -> tuple[str, ...]:
    """Return the places, as ``~/.bashrc, line 3``, where PATH is replaced and nothing kept."""
    home = home or programs.home()
    found: list[str] = []
    for name in _NAMES:
        text = shells.read(home / name)
        for match in _REPLACES.finditer(text):
            number = text.count("\n", 0, match.end()) + 1
            found.append(f"{shells.short(home / name, home)}, line {number}")
    return tuple(found)


def assignments(variable: str, home: Path | None = None) -> tuple[str, ...]:
    """Return the places where a variable of the environment is set."""
    home = home or programs.home()
    sets = re.compile(rf"^\s*(?:export\s+|set\s+-\w+\s+)?{re.escape(variable)}[=\s]")
    found: list[str] = []
    for name in _NAMES:
        for number, line in enumerate(shells.read(home / name).splitlines(), 1):
            if sets.match(line):
                found.append(f"{shells.short(home / name, home)}, line {number}")
    return tuple(found)


def mentions(directory: str, home: Path | None = None) -> tuple[str, ...]:
    """Return the places where a directory is named, as a whole, together with PATH."""
    home = home or programs.home()
    inside = directory.removeprefix(f"{home}/")
    words = {directory, *((f"$HOME/{inside}", f"~/{inside}") if inside != directory else ())}
    named = re.compile(rf"{_BEFORE}(?:{'|'.join(map(re.escape, words))}){_AFTER}")
    found: list[str] = []
    for name in _NAMES:
        for number, line in enumerate(shells.read(home / name).splitlines(), 1):
            if "path" in line.casefold() and named.search(line):
                found.append(f"{shells.short(home / name, home)}, line {number}")
    return tuple(found)


def prefer(directory: Path, over: Path) -> Remedy:
    """Return how to have a directory searched before another that is on PATH too.

    One of the system is not put first: that would hide what other tools put before it.
    """
    if str(directory) not in programs.STANDARD:
        return shells.add_to_path(directory)
    where = mentions(str(over))
    there = f" ({some(where)})" if where else ""
    names = shells.short(directory), shells.short(over)
    return Remedy(f"Take {names[1]} out of PATH{there}, or name {names[0]} before it.")


def reach(directory: Path) -> Remedy:
    """Return how to get a directory on PATH, which a start file may do since it exists.

    Debian's ~/.profile does so for ~/.local/bin at the next login.
    """
    shell = shells.current()
    file = shells.start_file(shell)
    read = [where for where in mentions(str(directory)) if shell.login or _is_in(where, file)]
    if not read:
        return shells.add_to_path(directory, shell=shell)
    again = "Log in again" if shell.login else "Open a new shell"
    return Remedy(f"{again}: {read[0]} puts it on PATH.")


def _is_in(where: str, file: Path | None) -> bool:
    return file is not None and where.startswith(f"{shells.short(file)}, ")


def take_out(texts: Sequence[str]) -> str:
    """Return what to do so that PATH no longer names something, and in which file."""
    where = [place for text in texts for place in mentions(text)]
    there = f": {some(where)}" if where else " in your shell's start files"
    return f"Take {'it' if len(texts) == 1 else 'them'} out of PATH{there}."


def some(names: Sequence[str]) -> str:
    """Return names fit to show, the first few of them."""
    first = ", ".join(_shown(name) for name in names[:_SHOWN])
    return f"{first} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else first


def beyond(names: Sequence[str]) -> tuple[str, ...]:
    """Return all names where ``some`` leaves any out, else none: what a finding has as names."""
    return tuple(names) if len(names) > _SHOWN else ()


def _shown(name: str) -> str:
    return shells.short(Path(name)) if name.startswith("/") else one_line(name, 60)
