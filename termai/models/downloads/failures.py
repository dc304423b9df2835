"""What can go wrong with a download, sorted by whether it heals by itself."""

import errno
from pathlib import Path

from termai.errors import StorageError, UnreachableError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_RESUME = "then `termai downloads resume` goes on where it stopped"


class PassingError(UnreachableError):
    """What heals by itself: tried again after a while, or after ``after_s`` when the hub says so.

    ``at_once``: whether the first new try needs no pause, as with an address that expired.
    """

    def __init__(self, message: str, *, after_s: float = 0.0, at_once: bool = False) -> None:
        super().__init__(message)
        self.after_s = after_s
        self.at_once = at_once


class WrongContentError(PassingError):
    """The bytes received are not those that the hub announced; they are not kept."""


class OtherContentError(PassingError):
    """An answer that is about another content by its headers; nothing of it was taken."""


class NoRoomError(StorageError):
    """The disk is full; what was received stays, and the download can be resumed."""


class OccupiedError(StorageError):
    """What termai did not write stands in a file's place, and is left as it is."""


def no_room(path: Path, error: OSError) -> NoRoomError | None:
    """Return the failure for a full disk, None for another error."""
    if error.errno not in _FULL:
        return None
    if error.errno == errno.EFBIG:
        return NoRoomError(
            f"{path} is larger than its file system or a limit of this account allows.",
            fix="`ulimit -f` shows the limit; TERMAI_DATA_DIR may name a directory elsewhere.",
        )
    what = error.strerror or "No space left on device"
    return NoRoomError(
        f"The disk is full: {path.parent}: {what}.", fix=f"Free some space, {_RESUME}."
    )


def unwritable(path: Path, error: OSError) -> StorageError:
    """Return the failure for a file that cannot be written for another reason."""
    return StorageError(
        f"{path} cannot be written: {error.strerror or error}.",
        fix=f"Mend that, {_RESUME}.",
    )
