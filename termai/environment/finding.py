"""What a check returns."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good a finding is."""

    OK = "ok"
    WARNING = "warning"  # something works less well, or is missing and only sometimes needed
    PROBLEM = "problem"  # something that termai is for does not work
    NOT_NEEDED = "not needed"  # it is not there, and nothing here wants it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    name: what it is, unique among all findings. sentence: what was found and what it means. fix:
    what to do, in words or as a command, empty when nothing needs doing. path, version: empty
    when unknown. cause: why it is so, one sentence, empty where ``sentence`` says it. command:
    the part of ``fix`` that a POSIX shell can run as it is, empty where a person has to act.
    group: the check's, set by ``running.run``. names: all of that which ``sentence`` names only
    the first of, empty where it names all.
    """

    name: str
    verdict: Verdict
    sentence: str
    fix: str = ""
    path: str = ""
    version: str = ""
    cause: str = ""
    command: str = ""
    group: str = ""
    names: tuple[str, ...] = ()
