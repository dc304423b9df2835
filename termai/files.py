"""Writing files so that whatever is killed, at whatever moment, leaves files that parse."""

import errno
import os
import time
from contextlib import suppress
from pathlib import Path

from termai.errors import InvalidFileError, NotFoundError, StorageError
from termai.paths import private_dir


def write_atomic(path: Path, content: bytes | str, *, mode: int = 0o600) -> None:
    """Replace ``path`` in one step: temporary file beside it, fsync, rename, fsync directory.

    A symbolic link is followed, so that a linked configuration file stays a link. Missing
    directories are created with mode 0700. Raises StorageError; the old content then stays.
    """
    data = content.encode() if isinstance(content, str) else content
    target = Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{time.monotonic_ns()}.tmp")
    try:
        private_dir(target.parent)
        _fill(temporary, data, mode)
        temporary.replace(target)
        _sync_directory(target.parent)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        raise StorageError(
            f"{target} could not be written: {error.strerror or error}.",
            fix="What was there before is unchanged; free space or mend the permissions, "
            "then try again.",
        ) from error


def read_text(path: Path, *, limit: int = 4 << 20) -> str:
    """Return the UTF-8 text of ``path``, refusing more than ``limit`` bytes.

    Raises NotFoundError when there is no such file and InvalidFileError when it cannot be read,
    is larger than ``limit``, or is not UTF-8.
    """
    return decoded(read_bytes(path, limit=limit), path)


def read_bytes(path: Path, *, limit: int = 4 << 20) -> bytes:
    """Return what ``path`` holds; raises as ``read_text`` does, whatever the bytes are."""
    try:
        with open(path, "rb", opener=_open_now) as stream:
            data = stream.read(limit + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(f"{path} does not exist.") from error
    except OSError as error:
        raise InvalidFileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > limit:
        raise InvalidFileError(f"{path} is larger than {limit} bytes, the most that is read.")
    return data


def decoded(data: bytes, path: Path) -> str:
    """Return the UTF-8 text in bytes that came from ``path``; InvalidFileError with the line."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidFileError(f"{path}, line {line}: the text is not UTF-8.") from error


def _open_now(name: str, flags: int) -> int:
    """Open without waiting, so that a named pipe in place of a file is empty, not a hang."""
    return os.open(name, flags | os.O_NONBLOCK)


def _fill(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(descriptor, mode)
        stream.write(data)
        stream.flush()
        os.fsync(descriptor)


def _sync_directory(directory: Path) -> None:
    """Flush a rename to the disk, where the file system can do that for a directory."""
    descriptor = os.open(directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
