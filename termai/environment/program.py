"""One program that something needs: whether it is there, works, and is the right one."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from termai.environment import packages, programs, shells, start_files
from termai.environment import path as search_path
from termai.environment.finding import Finding, Verdict
from termai.environment.programs import Answer
from termai.environment.remedy import Remedy
from termai.environment.shells import short
from termai.text import one_line

_PACKAGED = ("/usr/bin", "/bin", "/usr/sbin", "/sbin", "/opt/homebrew/bin")
"""Where the programs of the system's packages are."""

LATE = "It hangs, its disk is slow, or this machine is busy."
"""Why a program gives no answer in time."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to look for.

    name: the finding's. candidates: its names, the best first. there: what it is good for, a
    sentence. missing: what it is needed for, a sentence that follows "Not found.". packages: by
    family of systems, as ``packages.install`` takes them; without any, it is not needed when it
    is missing. places: directories beside PATH where it may be. arguments: of its question for
    the version. otherwise: what to do where no package brings it.
    """

    name: str
    candidates: tuple[str, ...]
    there: str
    missing: str
    packages: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ("--version",)
    otherwise: str = ""


def look(program: Program) -> Finding:
    """Look for a program and ask it for its version."""
    path = programs.find(*program.candidates)
    if not path:
        return _not_on_path(program)
    if programs.of_windows(path):
        sentence = "It is Windows' own, which cannot work with Linux files."
        remedy = packages.install(program.packages, program.otherwise)
        return _warning(program, sentence, remedy, path)
    if programs.is_stub(path):
        sentence = f"Apple's command line tools are not installed. {program.missing}"
        return _warning(program, sentence, Remedy.run("xcode-select --install"), path)
    answer = programs.ask(path, *program.arguments)
    version = programs.first_number(answer.text)
    if answer.failure or not version:
        return unanswered(program, path, answer)
    return Finding(program.name, Verdict.OK, program.there, path=path, version=version)


def unanswered(program: Program, path: str, answer: Answer) -> Finding:
    """Return the finding of a program that does not tell its version: why, and what to do."""
    what = answer.failure or "does not say its version"
    sentence = f"It is there and {what}. {program.missing}"
    again = _again(program, path)
    if not answer.late:
        remedy = again if again.fix else Remedy(f"Mend it, or {_instead(path)}.")
        return _warning(program, sentence, remedy, path)
    question = shlex.join((one_line(path), *program.arguments))
    instead = f"install it again: `{again.fix}`" if again.fix else _instead(path)
    remedy = Remedy(f"Run `{question}`; where it hangs, {instead}.")
    return replace(_warning(program, sentence, remedy, path), cause=LATE)


def _again(program: Program, path: str) -> Remedy:
    """Return how a program of the system's packages comes again, nothing for another."""
    if str(Path(path).parent) not in _PACKAGED:
        return Remedy()
    return packages.install(program.packages, again=True)


def _instead(path: str) -> str:
    """Return how to be rid of a program, and which one is found then."""
    others = [one for one in programs.find_all(Path(path).name) if one != path]
    then = f": {short(Path(others[0]))} is found then" if others else ""
    return f"take {short(Path(path))} away{then}"


def _not_on_path(program: Program) -> Finding:
    elsewhere = programs.beside_path(*program.candidates, directories=program.places)
    if elsewhere:
        directory = Path(elsewhere).parent
        sentence = f"It is in {one_line(str(directory), 80)}, which PATH leaves out."
        return _warning(program, sentence, _reach(directory), elsewhere)
    sentence = f"Not found. {program.missing}"
    if not program.packages and not program.otherwise:
        return Finding(program.name, Verdict.NOT_NEEDED, sentence)
    return _warning(program, sentence, packages.install(program.packages, program.otherwise))


def _reach(directory: Path) -> Remedy:
    """Return how to put a directory on PATH, as the findings of PATH do."""
    if directory == programs.home() / ".local/bin":
        return start_files.reach(directory)
    if str(directory) in programs.SYSTEM:
        return search_path.with_system()
    return shells.add_to_path(directory)


def _warning(program: Program, sentence: str, remedy: Remedy, path: str = "") -> Finding:
    return Finding(
        program.name, Verdict.WARNING, sentence, remedy.fix, path, command=remedy.command
    )
