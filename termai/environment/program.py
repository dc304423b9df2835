"""One program that something needs: whether it is there, works, and is the right one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from termai.environment import packages, programs, shells
from termai.environment.finding import Finding, Verdict
from termai.environment.remedy import Remedy
from termai.text import one_line


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
    if answer.late:
        sentence = f"It is there and {answer.failure}."
        return Finding(program.name, Verdict.OK, sentence, path=path)
    version = programs.first_number(answer.text)
    if answer.failure or not version:
        what = answer.failure or "does not say its version"
        remedy = packages.install(program.packages, "Install it again, or take it out of PATH.")
        return _warning(program, f"It is there and {what}. {program.missing}", remedy, path)
    return Finding(program.name, Verdict.OK, program.there, path=path, version=version)


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
    """Return how to put a directory on PATH; those that findings of their own name, by these."""
    if directory == programs.home() / ".local/bin":
        return Remedy("See the finding ~/.local/bin.")
    if str(directory) in programs.SYSTEM:
        return Remedy("See the finding PATH.")
    return shells.add_to_path(directory)


def _warning(program: Program, sentence: str, remedy: Remedy, path: str = "") -> Finding:
    return Finding(
        program.name, Verdict.WARNING, sentence, remedy.fix, path, command=remedy.command
    )
