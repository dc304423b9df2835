"""A file in a store as its directory entry tells: name, size, date; nothing of it is read."""

import errno
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from termai.models.stores import Store

_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is, or may become, a model.

    path: as it is to be opened; may be a link. name: what its store calls it. size: bytes.
    modified_ns: since the epoch. device, inode: of the file behind all links. program: whose it
    is, empty for the user's own. incomplete: a download that has not ended. doubtful: its name
    does not say that it is GGUF. tagged: the name is a label of its store, not a path. companion:
    ``projector`` or ``adapter`` of another file of the store, which alone names it. belongs: the
    projectors and adapters that its store keeps with it. manifest: the file that names it, where
    a store has such. problem: why it cannot be looked at, a sentence.
    """

    path: Path
    name: str
    store: Store
    size: int = 0
    modified_ns: int = 0
    device: int = 0
    inode: int = 0
    program: str = ""
    incomplete: bool = False
    doubtful: bool = False
    tagged: bool = False
    companion: str = ""
    belongs: tuple[Path, ...] = ()
    manifest: Path | None = None
    problem: str = ""

    @property
    def identity(self) -> tuple[int, int] | Path:
        """Return what is the same for every name of the same file."""
        return (self.device, self.inode) if self.inode else self.path


def look(path: Path, name: str, store: Store, **more: Any) -> Found | None:
    """Look at a path, links followed; None for what is not there or no regular file.

    Pipes, devices and sockets are no models, whatever they are called. ``more`` are fields of
    Found.
    """
    try:
        seen = path.stat()
    except OSError as error:
        if error.errno in _GONE:
            return None
        problem = f"It cannot be read: {error.strerror}."
        return Found(path, name, store, **{**more, "doubtful": False, "problem": problem})
    except ValueError:  # a name that no disk takes
        return None
    if not stat.S_ISREG(seen.st_mode):
        return None
    return Found(
        path, name, store, seen.st_size, seen.st_mtime_ns, seen.st_dev, seen.st_ino, **more
    )
