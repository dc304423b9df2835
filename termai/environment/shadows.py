"""Programs that are on PATH more than once: which one starts, and which ones it hides."""

from collections.abc import Iterator
from dataclasses import dataclass
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
    """One of several programs of the same name; version is empty when it tells none."""

    path: str
    version: str


def check() -> Iterator[Finding]:
    """Yield a finding for each program that PATH leads to more than once, else a single one."""
    several = [(name, found) for name in _LOOKED_FOR if len(found := programs.find_all(name)) > 1]
    if not several:
        yield Finding("Shadowed programs", Verdict.OK, "No program is on PATH twice.")
    for name, found in several:
        ask = (lambda _: "") if name in _SLOW else programs.version
        yield _finding(name, [Copy(path, ask(path)) for path in found[:_MOST]], found)


def _finding(name: str, copies: list[Copy], found: tuple[str, ...]) -> Finding:
    first, rest = copies[0], copies[1:]
    hidden = ", ".join(_named(copy) for copy in rest)
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    sentence = f"On PATH {len(found)} times; {_named(first)} starts and hides {hidden}{more}."
    newest = max(rest, key=lambda copy: programs.numbers(copy.version))
    older = programs.numbers(first.version) < programs.numbers(newest.version)
    if not older or name not in _HARMFUL:
        return Finding(f"{name} shadowed", Verdict.OK, sentence, "", first.path, first.version)
    remedy = prefer(Path(newest.path).parent, over=Path(first.path).parent)
    return Finding(
        f"{name} shadowed",
        Verdict.WARNING,
        sentence,
        remedy.fix,
        first.path,
        first.version,
        "An older one comes first.",
        remedy.command,
    )


def _named(copy: Copy) -> str:
    version = f" ({copy.version})" if copy.version else ""
    return f"{short(Path(copy.path))}{version}"
