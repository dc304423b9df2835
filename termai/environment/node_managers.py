"""Version managers of Node.js: which are here, which versions they hold, how they get another."""

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from termai.environment import programs
from termai.environment.finding import Finding, Verdict
from termai.environment.reading import is_there, matching
from termai.environment.remedy import Remedy
from termai.environment.shells import short
from termai.text import one_line

_MOST = 200


@dataclass(frozen=True, slots=True)
class Manager:
    """A version manager: where it is, its program (a script for nvm), the versions it holds.

    ``versions`` are their numbers, the newest first. ``sources`` are directories whose presence
    in the path of a node says that it comes from here.
    """

    name: str
    directory: Path
    program: str
    versions: tuple[str, ...]
    sources: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a manager lives: variables and directories for its home, and patterns below that."""

    variables: tuple[str, ...]
    homes: tuple[str, ...]
    mark: str
    versions: str
    programs: tuple[str, ...]


_LAYOUTS: Mapping[str, _Layout] = {
    "volta": _Layout(("VOLTA_HOME",), ("~/.volta",), "bin", "tools/image/node/*", ("bin/volta",)),
    "nvm": _Layout(("NVM_DIR",), ("~/.nvm", "~/.config/nvm"), "nvm.sh", "versions/node/*", ()),
    "fnm": _Layout(
        ("FNM_DIR",),
        ("~/.local/share/fnm", "~/.fnm", "~/Library/Application Support/fnm"),
        "node-versions",
        "node-versions/*",
        ("fnm",),
    ),
    "asdf": _Layout(
        ("ASDF_DATA_DIR",), ("~/.asdf",), "plugins/nodejs", "installs/nodejs/*", ("bin/asdf",)
    ),
    "mise": _Layout(
        ("MISE_DATA_DIR",), ("~/.local/share/mise",), "installs", "installs/node/*", ()
    ),
}
"""Layouts of volta 2.0, nvm 0.40, fnm 1.38, asdf 0.16 with its plugin for Node.js, mise 2025."""


def managers() -> tuple[Manager, ...]:
    """Return the version managers of this user."""
    found = (_manager(name, layout) for name, layout in _LAYOUTS.items())
    return tuple(manager for manager in found if manager)


def origin(node: str, among: tuple[Manager, ...]) -> Manager | None:
    """Return the manager from which a node comes, None for one of the system."""
    paths = {Path(node), Path(os.path.realpath(node))}
    for manager in among:
        if any(path.is_relative_to(source) for path in paths for source in manager.sources):
            return manager
    return None


def holding(needed: int, found: Sequence[Manager]) -> tuple[str, Path] | None:
    """Return a node of a manager that is new enough: in words such as nvm's 22.1.0, and where.

    needed: the major version. Where is the directory of the newest one of the first manager that
    has any; None where none has.
    """
    for manager in found:
        layout = _LAYOUTS[manager.name]
        places = sorted(matching(manager.directory, layout.versions), key=_number, reverse=True)
        for place in places[:_MOST]:
            for inside in (place / "bin", place / "installation/bin"):
                if _number(place) >= (needed,) and os.access(inside / "node", os.X_OK):
                    return f"{manager.name}'s {programs.first_number(place.name)}", inside
    return None


def _number(place: Path) -> tuple[int, ...]:
    return programs.numbers(place.name)


def bring(manager: Manager, major: int) -> Remedy:
    """Return how a manager gets Node.js of a major version and makes it the one that starts."""
    program = shlex.quote(manager.program)
    match manager.name:
        case "nvm":
            here = shlex.quote(str(manager.directory / "nvm.sh"))
            use = f"nvm install {major} && nvm alias default {major}"
            return Remedy(f"{use} (then open a new shell)", f". {here} && {use}")
        case "volta":
            return Remedy.run(f"{program} install node@{major}")
        case "fnm":
            return Remedy.run(f"{program} install {major} && {program} default {major}")
        case "asdf":
            get = f"{program} install nodejs latest:{major}"
            new, old = (
                f"{program} {words} nodejs latest:{major}" for words in ("set -u", "global")
            )
            return Remedy.run(f"{get} && ({new} || {old})")  # global until 0.15, set from 0.16 on
        case _:
            return Remedy.run(f"{program} use --global node@{major}")


def check() -> Iterator[Finding]:
    """Report the version managers and which of them the node on PATH comes from."""
    found = managers()
    if not found:
        yield Finding("Node manager", Verdict.NOT_NEEDED, "None of volta, nvm, fnm, asdf, mise.")
        return
    names = " and ".join(manager.name for manager in found)
    held = "; ".join(_held(manager) for manager in found)
    sentence = f"{names} {'are' if len(found) > 1 else 'is'} here ({held}); {_used(found)}."
    one = Finding("Node manager", Verdict.OK, sentence, path=str(found[0].directory))
    if len(found) == 1:
        yield one
        return
    yield replace(
        one,
        verdict=Verdict.WARNING,
        fix="Keep one, and take the lines of the others out of your shell's start files.",
        cause="Each puts its own node on PATH, and the last line that runs wins.",
    )


def _used(found: tuple[Manager, ...]) -> str:
    node = programs.find("node")
    source = origin(node, found) if node else None
    if source:
        return f"node comes from {source.name}"
    return "node comes from elsewhere" if node else "no node is on PATH"


def _held(manager: Manager) -> str:
    if not manager.versions:
        return f"{short(manager.directory)}, without a version of Node.js"
    first = ", ".join(manager.versions[:3])
    more = f" and {len(manager.versions) - 3} more" if len(manager.versions) > 3 else ""
    return f"{short(manager.directory)}: {one_line(first, 60)}{more}"


def _manager(name: str, layout: _Layout) -> Manager | None:
    named = [Path(value) for key in layout.variables if (value := os.environ.get(key))]
    usual = [programs.home() / home.removeprefix("~/") for home in layout.homes]
    directory = next((d for d in (*named, *usual) if is_there(d / layout.mark)), None)
    program = programs.find(name) or _own(directory, layout)
    if directory is None and not program:
        return None
    place = directory or Path(program).parent
    if name != "nvm" and not program:
        return None
    versions = _versions(place, layout.versions) if directory else ()
    shells = Path(os.environ.get("FNM_MULTISHELL_PATH") or place)
    sources = (place, shells) if directory else (place / name,)
    return Manager(name, place, program, versions, sources)


def _own(directory: Path | None, layout: _Layout) -> str:
    places = (directory / name for name in layout.programs) if directory else ()
    return next((str(place) for place in places if os.access(place, os.X_OK)), "")


def _versions(directory: Path, pattern: str) -> tuple[str, ...]:
    names = (path.name for path in matching(directory, pattern)[:_MOST])
    numbers = {programs.first_number(name) for name in names} - {""}
    return tuple(sorted(numbers, key=programs.numbers, reverse=True))
