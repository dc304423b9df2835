"""What a conversion from or to another program's file is given and returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from termai.profiles.profile import Profile

TEXT_LIMIT = 1 << 20
"""Characters of a file that is imported; more is refused before it is parsed."""


class Left(NamedTuple):
    """Something that one side says and the other cannot hold.

    key: as the file, or the profile for an export, calls it. value: short and printable, never a
    secret. why: one sentence without its full stop. kept: whether ``Profile.kept`` holds it.
    """

    key: str
    value: str
    why: str
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported: the text, and the file it came from, None for a pasted one."""

    text: str
    path: Path | None = None

    @property
    def name(self) -> str:
        """Return how messages call it."""
        return str(self.path) if self.path else "the pasted text"


@dataclass(frozen=True, slots=True)
class Imported:
    """A profile made of another program's file, not saved, and what of the file it lacks.

    profile: its name is a proposal that a profile may have; model references are as written,
        relative ones made absolute by the file's directory where one is there. left: in the
        order of the file. notes: sentences a user should read, such as a value that was changed.
    """

    profile: Profile
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """A profile as another program's file, and what of the profile it lacks.

    private: whether the text holds a secret, so that its file must be readable by its owner only.
    """

    text: str
    left: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an export is wanted.

    locate: turns a model reference of the profile into the path that other programs find; it
        returns the reference where there is no such file. with_secrets: whether kept keys that
        are secrets are written too.
    """

    locate: Callable[[str], str] = field(default=str)
    with_secrets: bool = False


Reader = Callable[[Source], tuple[Imported, ...]]
"""Reads one file, which may hold several profiles; raises InvalidFileError that names the file
(or the pasted text), the key and what was expected. Runs nothing and reads no other file's
content."""

Writer = Callable[[Profile, Wanted], Exported]
"""Writes one profile; raises UsageError when the format cannot hold it at all."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file that other programs keep their launch settings in.

    name: on the command line and in ``Profile.kept``. title: for people. suffix: of a new file.
    suffixes: by which a file is recognised, lower case, longest first where they overlap.
    claims: whether a text without a telling suffix is of this format, decided cheaply.
    read, write: None where the format goes only the other way.
    """

    name: str
    title: str
    suffix: str
    suffixes: tuple[str, ...] = ()
    claims: Callable[[str], bool] = field(default=lambda _: False)
    read: Reader | None = None
    write: Writer | None = None
