"""What a check returns."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good a finding is."""

    OK = "ok"
    WARNING = "warning"  # something works less well, or is missing and only sometimes needed
    PROBLEM = "problem"  # something that termai is for does not work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    name: what it is. sentence: what was found and what it means. fix: what to do, a command
    where there is one, empty when nothing needs doing. path, version: empty when unknown.
    """

    name: str
    verdict: Verdict
    sentence: str
    fix: str = ""
    path: str = ""
    version: str = ""
