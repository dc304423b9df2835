"""The file that is being filled: locked by its one writer, as long as what it holds."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from termai.errors import StorageError
from termai.models.downloads.failures import no_room, unwritable
from termai.paths import private_dir


class Partial:
    """A partial file, open and locked; ``size`` is where it goes on."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def append(self, data: bytes | bytearray) -> None:
        """Write ``data`` at the end; raises StorageError, and what was written stays."""
        view = memoryview(data)
        while view:
            try:
                written = os.write(self.descriptor, view)
            except OSError as error:
                raise no_room(self.path, error) or unwritable(self.path, error) from error
            self.size += written
            view = view[written:]

    def same(self, offset: int, data: bytes) -> bool:
        """Whether the file holds ``data`` at ``offset``."""
        return os.pread(self.descriptor, len(data), offset) == data

    def cut(self, size: int) -> None:
        """Keep the first ``size`` bytes only; raises StorageError."""
        try:
            os.ftruncate(self.descriptor, size)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self.size = size

    def flush(self) -> None:
        """Return once the disk has it; raises StorageError."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            raise no_room(self.path, error) or unwritable(self.path, error) from error


@contextmanager
def opened(path: Path) -> Iterator[Partial | None]:
    """Open a partial file, creating it with its directory; None while another writes to it.

    Raises StorageError. A file that was renamed or removed between opening and locking counts
    as another's.
    """
    try:
        private_dir(path.parent)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise no_room(path, error) or unwritable(path, error) from error
    try:
        yield Partial(path, descriptor) if _locked(path, descriptor) else None
    finally:
        os.close(descriptor)


def discard(path: Path) -> bool:
    """Remove a partial file unless another process writes to it; whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StorageError(f"{path} cannot be removed: {error.strerror}.") from error
    try:
        if not _locked(path, descriptor):
            return False
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} cannot be removed: {error.strerror}.") from error
    finally:
        os.close(descriptor)
    return True


def remove_empty(directory: Path, top: Path) -> None:
    """Remove ``directory`` and its parents below ``top`` as far as they are empty."""
    with suppress(OSError):
        while directory != top and top in directory.parents:
            directory.rmdir()
            directory = directory.parent


def _locked(path: Path, descriptor: int) -> bool:
    """Lock a file if nobody has; where a file system has no locks, the download's own must do."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise unwritable(path, error) from error
    try:
        there, mine = path.lstat(), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)
