"""What one download fetches: files of one commit, their sizes and hashes, and where they go."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from termai.errors import UsageError
from termai.text import one_line, without_user

LONGEST_NAME = 255  # bytes of a file name that file systems take
MOST_FILES = 1000
_IDENTITY = 12  # hexadecimal digits of the content's hash in a partial file's name
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?")
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#@]*[^\s?#@/])?")
_HEX = re.compile(r"[0-9a-f]*")
_BAD = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One file of the repository.

    path: as in the repository. size: bytes. sha256: of the content, empty where the hub gives
    none. oid: the git blob's SHA-1, which the hub gives for files outside LFS; empty if unknown.
    """

    path: str
    size: int
    sha256: str = ""
    oid: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A download as it was asked for; never changes afterwards.

    id: a small number as text. commit: the revision it is pinned to. endpoint: address of the
    hub. variant: what was chosen, such as ``Q4_K_M``. directory: where paths are laid out.
    added_at: seconds since the epoch.
    """

    id: str
    repo: str
    commit: str
    endpoint: str
    variant: str
    directory: str
    files: tuple[PlannedFile, ...]
    added_at: float
    schema: int = 1

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def name(self) -> str:
        """What a person calls it: ``ORG/NAME:VARIANT``."""
        return f"{self.repo}:{self.variant}" if self.variant else self.repo

    def same_as(self, other: "Plan") -> bool:
        """Whether both put the same files of the same repository in the same place."""
        ours = (self.endpoint, self.repo, self.directory, {f.path for f in self.files})
        return ours == (other.endpoint, other.repo, other.directory, {f.path for f in other.files})

    def target(self, file: PlannedFile) -> Path:
        """Return where a file stands once it is verified."""
        return Path(self.directory, *file.path.split("/"))

    def partial(self, file: PlannedFile) -> Path:
        """Return the file that is filled: hidden, beside the target, no model by its name.

        The name holds the beginning of the content's hash, so that what is left of one revision
        is never gone on with for another.
        """
        target = self.target(file)
        content = file.sha256 or file.oid or f"{self.commit}/{file.size}"
        if not (file.sha256 or file.oid):
            content = hashlib.sha256(content.encode()).hexdigest()
        tail = f".{content[:_IDENTITY]}.part"
        room = LONGEST_NAME - len(tail) - 1
        kept = target.name.encode()[:room].decode(errors="ignore")
        return target.with_name(f".{kept}{tail}")


def checked(plan: Plan) -> Plan:
    """Return the plan; raises UsageError for what no hub should say and no disk should take."""
    if not _REPO.fullmatch(plan.repo) or ".." in plan.repo:
        raise UsageError(f"{one_line(plan.repo, 80)!r} is no repository; expected ORG/NAME.")
    if not _ENDPOINT.fullmatch(plan.endpoint):
        shown = one_line(without_user(plan.endpoint), 80)
        raise UsageError(
            f"{shown!r} is no address of a hub.",
            fix="Expected http:// or https:// and a host, without a name and password.",
        )
    if not plan.commit or _BAD.search(plan.commit) or "/" in plan.commit:
        raise UsageError(f"{one_line(plan.commit, 80)!r} is no commit of {plan.repo}.")
    if not 0 < len(plan.files) <= MOST_FILES:
        raise UsageError(f"{len(plan.files)} files of {plan.repo} cannot be one download.")
    for file in plan.files:
        _check_file(plan, file)
    _check_apart(plan)
    return plan


def inside(path: str) -> bool:
    """Whether a repository's path, taken below a directory, stays inside it and is plain."""
    parts = path.split("/")
    return not _BAD.search(path) and all(
        part not in ("", ".", "..") and len(part.encode("utf-8", "replace")) <= LONGEST_NAME
        for part in parts
    )


def _check_file(plan: Plan, file: PlannedFile) -> None:
    shown = one_line(file.path, 120)
    if not inside(file.path) or not _encodable(file.path):
        raise UsageError(f"{plan.repo} has a file named {shown!r}, which is not taken as a path.")
    if file.size < 0 or file.size >= 1 << 50:
        raise UsageError(f"{plan.repo}: {shown}: a size of {file.size} bytes is not believable.")
    if len(file.sha256) not in (0, 64) or len(file.oid) not in (0, 40):
        raise UsageError(f"{plan.repo}: {shown}: the hub's hash has not the length of one.")
    if not _HEX.fullmatch(file.sha256) or not _HEX.fullmatch(file.oid):
        raise UsageError(f"{plan.repo}: {shown}: the hub's hash is not hexadecimal.")


def _check_apart(plan: Plan) -> None:
    names = [file.path for file in plan.files]
    twice = _first_twice(names) or _first_twice(str(plan.partial(f)) for f in plan.files)
    if twice:
        raise UsageError(f"{plan.repo}: {one_line(twice, 120)} would be written twice.")
    inner = {"/".join(n.split("/")[:depth]) for n in names for depth in range(1, n.count("/") + 1)}
    if clash := inner & set(names):
        raise UsageError(f"{plan.repo}: {one_line(min(clash), 120)} is a file and a directory.")


def _first_twice(names: Iterable[str]) -> str:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
