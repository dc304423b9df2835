"""What to do about a finding."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends something: ``fix`` for a person, ``command`` for a POSIX shell as it is.

    ``command`` is part of ``fix`` or does what it says; empty where a person has to act.
    """

    fix: str = ""
    command: str = ""

    @classmethod
    def run(cls, command: str) -> "Remedy":
        """Return the remedy that is nothing but a command."""
        return cls(command, command)
