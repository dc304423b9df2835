"""Programs that are on PATH more than once: which one starts, and which ones it hides."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from termai.environment import programs
from termai.environment.finding import Finding, Verdict
from termai.environment.shells import short
from termai.environment.start_files import prefer

_HARMFUL = (
    "git",
    "cmake",
    "ninja",
    "nvcc",
    "hipcc",
    "uv",
)
"""Programs of which nobody wants an older one first; node has a finding of its own."""

_SLOW = ("pip", "llama-server", "termai")
"""Programs that take long to say a version that does not matter."""

_LOOKED_FOR = (*_HARMFUL, *_SLOW, "node", "npm", "python3", "gcc", "g++")
_MOST = 3


@dataclass(frozen=True, slots=True)
class Copy:
    """One of several programs of the same name.

    version: empty when it tells none. asked: whether it was asked.
    """

    path: str
    version: str
    asked: bool = True


def check() -> Iterator[Finding]:
    """Yield a finding for each program that PATH leads to more than once, else a single one."""
    several = [(name, found) for name in _LOOKED_FOR if len(found := programs.find_all(name)) > 1]
    if not several:
        yield Finding("Shadowed programs", Verdict.OK, "No program is on PATH twice.")
    first = [(name, path) for name, found in several for path in found[:_MOST]]
    with ThreadPoolExecutor(max(1, len(first))) as pool:
        copies = list(pool.map(lambda one: _copy(*one), first))
    for name, found in several:
        here = [copy for (of, _), copy in zip(first, copies, strict=True) if of == name]
        yield _finding(name, here, found)


def _copy(name: str, path: str) -> Copy:
    return Copy(path, "", asked=False) if name in _SLOW else Copy(path, programs.version(path))


def _finding(name: str, copies: list[Copy], found: tuple[str, ...]) -> Finding:
    first, rest = copies[0], copies[1:]
    hidden = ", ".join(_named(copy) for copy in rest)
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    sentence = f"On PATH {len(found)} times; {_named(first)} starts and hides {hidden}{more}."
    newest = max(rest, key=lambda copy: programs.numbers(copy.version))
    one = Finding(
        f"{name} shadowed",
        Verdict.OK,
        sentence,
        "",
        first.path,
        first.version,
        names=found[_MOST:] and found,
    )
    known, newer = programs.numbers(first.version), programs.numbers(newest.version)
    if not known or known >= newer or name not in _HARMFUL:
        return one
    remedy = prefer(Path(newest.path).parent, over=Path(first.path).parent)
    return replace(
        one,
        verdict=Verdict.WARNING,
        fix=remedy.fix,
        cause="An older one comes first.",
        command=remedy.command,
    )


def _named(copy: Copy) -> str:
    unknown = " (version unknown)" if copy.asked else ""
    version = f" ({copy.version})" if copy.version else unknown
    return f"{short(Path(copy.path))}{version}"
