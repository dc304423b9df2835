"""The files of a repository as the hub lists them, judged before anything else sees them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from termai.models.names import is_gguf
from termai.text import one_line

MOST_FILES = 20_000
MOST_SIZE = 1 << 50

_LONGEST_PATH = 1000
_LONGEST_NAME = 255
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class RepoFile:
    """A file of a repository.

    path: as in the repository, relative and plain. size: bytes. sha256: of the content, empty
    where the hub gives none, as for files outside LFS. oid: SHA-1 of the git blob, empty where
    unknown; outside LFS it is that of the content.
    """

    path: str
    size: int
    sha256: str = ""
    oid: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that can be used, and one sentence for each kind that cannot.

    unsized: how many model files came without a size.
    """

    files: tuple[RepoFile, ...] = ()
    problems: tuple[str, ...] = ()
    unsized: int = 0


def read_siblings(siblings: object) -> Listing:
    """Read ``siblings`` of model_info, or the entries of a tree, believing nothing of it."""
    entries = siblings if isinstance(siblings, list) else []
    files: dict[str, RepoFile] = {}
    unsafe: list[str] = []
    unsized = 0
    for entry in entries[:MOST_FILES]:
        path = _path(entry)
        if path is None:
            continue
        if not is_plain(path):
            unsafe.append(path)
            continue
        size = _size(entry)
        if size is None:
            unsized += is_gguf(path)
            continue
        files.setdefault(path, RepoFile(path, size, _sha256(entry), _oid(entry)))
    return Listing(tuple(files.values()), tuple(_told(unsafe, len(entries))), unsized)


def is_plain(path: str) -> bool:
    """Whether a path stays below the directory it is taken in, on every file system."""
    parts = path.split("/")
    return (
        len(path) <= _LONGEST_PATH
        and path.isprintable()
        and "\\" not in path
        and all(p not in ("", ".", "..") and _fits(p) for p in parts)
    )


def _fits(part: str) -> bool:
    try:
        return len(part.encode()) <= _LONGEST_NAME
    except UnicodeEncodeError:
        return False


def _path(entry: object) -> str | None:
    if not isinstance(entry, Mapping) or entry.get("type", "file") != "file":
        return None
    path = entry.get("rfilename", entry.get("path"))
    return path if isinstance(path, str) and path else None


def _size(entry: Mapping[str, Any]) -> int | None:
    """Return the size of the content: that of LFS where the file is there."""
    lfs = entry.get("lfs")
    for said in (lfs.get("size") if isinstance(lfs, Mapping) else None, entry.get("size")):
        if type(said) is int and 0 <= said < MOST_SIZE:
            return said
    return None


def _sha256(entry: Mapping[str, Any]) -> str:
    lfs = entry.get("lfs")
    said = (lfs.get("sha256") or lfs.get("oid")) if isinstance(lfs, Mapping) else None
    found = said.lower() if isinstance(said, str) else ""
    return found if _SHA256.fullmatch(found) else ""


def _oid(entry: Mapping[str, Any]) -> str:
    said = entry.get("blobId", entry.get("oid"))
    found = said.lower() if isinstance(said, str) else ""
    return found if _OID.fullmatch(found) else ""


def _told(unsafe: list[str], count: int) -> Iterable[str]:
    if unsafe:
        shown = ", ".join(repr(one_line(path, 60)) for path in unsafe[:3])
        more = f" and {len(unsafe) - 3} more" if len(unsafe) > 3 else ""
        yield f"Left out, because no file here may be called so: {shown}{more}."
    if count > MOST_FILES:
        yield f"Of {count} files only the first {MOST_FILES} were looked at."
