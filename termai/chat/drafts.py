"""What was written in a conversation and not sent: one small file each, so that none is lost."""

from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, StorageError
from termai.files import read_text, write_atomic
from termai.paths import data_dir

LIMIT_BYTES = 1 << 20
NEW = 0
"""The key of what is written before a conversation exists."""


def load_draft(conversation: int = NEW) -> str:
    """Return the draft of a conversation, empty when there is none or it cannot be read."""
    try:
        return read_text(_path(conversation), limit=LIMIT_BYTES)
    except (NotFoundError, InvalidFileError):
        return ""


def save_draft(text: str, conversation: int = NEW) -> None:
    """Keep ``text`` as the draft of a conversation; an empty text removes it.

    More than LIMIT_BYTES are not kept. Raises StorageError when the disk refuses.
    """
    data = text.encode("utf-8", "replace")
    if data and len(data) <= LIMIT_BYTES:
        write_atomic(_path(conversation), data)
    elif not data:
        _remove(_path(conversation))


def _path(conversation: int) -> Path:
    return data_dir() / "drafts" / f"{conversation}.txt"


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} could not be removed: {error.strerror}.") from error
