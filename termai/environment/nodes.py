"""Node.js and npm, which SillyTavern needs: whether they are here and new enough."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from termai.environment import node_managers, packages, programs, shells
from termai.environment.finding import Finding, Verdict
from termai.environment.program import Program, look
from termai.environment.remedy import Remedy
from termai.environment.shells import short
from termai.environment.start_files import prefer

NEEDED = 20
"""The major version that SillyTavern's package.json asks for as ``engines.node`` (1.19.0)."""

RECOMMENDED = 22
"""What to install where it is missing or too old: a version with long-term support."""

_PLACES = (
    "~/SillyTavern",
    "~/sillytavern",
    "~/SillyTavern-Launcher/SillyTavern",
    "/opt/SillyTavern",
)
_DOWNLOADS = f"Install Node.js {RECOMMENDED} or later from https://nodejs.org/en/download."
_PACKAGES = {"": "nodejs", "rhel": "", "macos": "node", "suse": f"nodejs{RECOMMENDED}"}
_NPM_PACKAGES = {
    "": "npm",
    "fedora": "nodejs-npm",
    "suse": f"npm{RECOMMENDED}",
    "macos": "node",
}
_WITH_NODE = f"Install Node.js {RECOMMENDED} or later: npm comes with it."
_IN_NODE = "npm runs in node: where node does not work either, that is to be mended first."
_LARGEST = 256 << 10
_LOOKED_AT = 6  # nodes on PATH that are asked for their version


def node() -> Iterator[Finding]:
    """Look for Node.js and whether it is new enough for SillyTavern."""
    place, needed = sillytavern()
    missing = f"Needed to run {short(place)}." if place else "Needed to run SillyTavern only."
    program = Program("node", ("node", "nodejs"), "Runs SillyTavern.", missing)
    found = look(replace(program, otherwise=_DOWNLOADS) if place else program)
    broken = found.verdict is Verdict.WARNING and found.path == programs.find("node", "nodejs")
    if found.verdict is Verdict.OK and programs.numbers(found.version) < (needed,):
        yield _behind(_old(found, needed), needed) or _with(_old(found, needed), _bring(needed))
    elif broken and not programs.of_windows(found.path):
        yield _behind(found, needed) or (found if found.cause else _with(found, _bring(needed)))
    elif found.verdict is Verdict.WARNING and not found.path:
        yield _held(found, needed) or found
    else:
        yield found


def npm() -> Iterator[Finding]:
    """Look for npm, which comes with Node.js everywhere but in some distributions."""
    place, needed = sillytavern()
    node = programs.find("node")
    missing = bool(node) and not programs.find("npm")
    good = missing and programs.numbers(programs.version(node)) >= (needed,)
    found = look(
        Program(
            "npm",
            ("npm",),
            "Installs what SillyTavern is made of.",
            "Needed to install SillyTavern only.",
            _NPM_PACKAGES if good else {},
            otherwise=_WITH_NODE if place or node else "",
        )
    )
    mute = found.verdict is Verdict.WARNING and found.path == programs.find("npm")
    yield replace(found, cause=_IN_NODE) if mute and not found.command else found


def sillytavern() -> tuple[Path | None, int]:
    """Return where SillyTavern is and the major version of Node.js that it asks for.

    Source: ``engines.node`` of its package.json, such as ``>= 20``; None and ``NEEDED`` where no
    SillyTavern is in the usual places.
    """
    for name in _PLACES:
        place = programs.home() / name[2:] if name.startswith("~/") else Path(name)
        try:
            with (place / "package.json").open(encoding="utf-8", errors="replace") as file:
                told = json.loads(file.read(_LARGEST))
            if told["name"] != "sillytavern":
                continue
            engines = str(told["engines"]["node"])
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue
        oldest = re.search(r"\d+", engines[:80])
        return place, int(oldest[0]) if oldest else NEEDED
    return None, NEEDED


def _old(found: Finding, needed: int) -> Finding:
    return replace(
        found,
        verdict=Verdict.WARNING,
        sentence=f"Too old for SillyTavern, which needs {needed} or later.",
    )


def _behind(found: Finding, needed: int) -> Finding | None:
    """Return the finding of a node that is no good with one that it hides and that is, if any."""
    others = programs.find_all("node")[1:_LOOKED_AT]
    with ThreadPoolExecutor(max(1, len(others))) as pool:
        versions = list(pool.map(programs.version, others))
    for other, version in zip(others, versions, strict=True):
        if programs.numbers(version) >= (needed,):
            sentence = f"{found.sentence[:-1]}; {version} is in {short(Path(other).parent)}."
            remedy = prefer(Path(other).parent, over=Path(found.path).parent)
            cause = "PATH names the directory of this one first."
            return _with(replace(found, sentence=sentence, cause=cause), remedy)
    return _held(found, needed)


def _held(found: Finding, needed: int) -> Finding | None:
    """Return the finding with a good node of a manager that the one on PATH is not from."""
    managers = node_managers.managers()
    held = node_managers.holding(needed, managers)
    if held is None or node_managers.origin(found.path, managers):
        return None
    which, place = held
    sentence = f"{found.sentence[:-1]}; {which} is in {short(place)}."
    cause = f"PATH does not lead to {which}."
    return _with(replace(found, sentence=sentence, cause=cause), shells.add_to_path(place))


def _bring(needed: int) -> Remedy:
    """Return how to get a node that is new enough: a manager, else the system's package."""
    found = node_managers.managers()
    major = max(needed, RECOMMENDED)
    if found:
        active = programs.find("node")
        manager = (node_managers.origin(active, found) if active else None) or found[0]
        return node_managers.bring(manager, major)
    return packages.install(_packages(needed), _DOWNLOADS)


def _packages(needed: int) -> dict[str, str]:
    """Return the packages of Node.js, without apt's unless it is known to be new enough."""
    if packages.family() != "debian":
        return _PACKAGES
    offer = packages.offered("nodejs")
    fits = offer and programs.numbers(offer) >= (needed,)
    return _PACKAGES if fits else _PACKAGES | {"debian": ""}


def _with(found: Finding, remedy: Remedy) -> Finding:
    return replace(found, fix=remedy.fix, command=remedy.command)
