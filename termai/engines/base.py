"""What every engine is: it finds its program and turns a profile into a command line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from termai.errors import NotFoundError
from termai.profiles.profile import Profile


@dataclass(frozen=True, slots=True)
class Detection:
    """One program that can run models, and what it says about itself.

    ``devices`` names the GPU devices it can use now (``CUDA0``...), ``described`` what it says of
    each (``NVIDIA GeForce RTX 4090``). ``options`` holds every
    flag, long and short, that its help offers; ``help`` maps each to what the help says of it,
    the value's placeholder first, empty for a flag that takes no value. ``removed`` maps each
    flag that the help calls removed to those it names instead. ``complete`` tells whether the
    help names every flag that the program takes. ``source`` says where the program was found.
    """

    engine: str
    program: Path
    version: str
    devices: tuple[str, ...] = ()
    options: frozenset[str] = field(default=frozenset(), repr=False)
    help: Mapping[str, "OptionHelp"] = field(default_factory=dict, repr=False)
    removed: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    complete: bool = True
    source: str = ""
    described: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def uses_gpu(self) -> bool:
        """Whether the program can use a GPU of this machine."""
        return bool(self.devices)

    def takes_value(self, flag: str) -> bool:
        """Return whether the program knows ``flag`` as one that is followed by a value."""
        return flag in self.help and bool(self.help[flag].takes)


@dataclass(frozen=True, slots=True)
class OptionHelp:
    """What a program's help says of one flag: the value it takes, if any, and the text."""

    takes: str
    text: str


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line ready to be started, and where the server will then answer.

    ``env`` is added to the environment after ``unset_env`` was taken from it. ``url`` names a
    host one can connect to, also when the server listens on all interfaces.
    """

    engine: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    unset_env: tuple[str, ...]
    host: str
    port: int
    model: Path
    url: str


class AbsentError(NotFoundError):
    """No program of an engine is configured or on PATH, which is nothing to mend by itself."""


class Engine(Protocol):
    """A way to run a model: composes command lines and starts nothing."""

    name: str

    def detect(self) -> Detection:
        """Return the program to use; raises NotFoundError with what to do when there is none."""
        ...

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line that serves ``model`` on ``port`` as the profile says.

        Raises UsageError when the profile asks for what the program cannot do, or to listen
        beyond this machine without a key.
        """
        ...
