"""Opening ``chats.db`` safely, and SQLite's failures in sentences fit to show."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from termai.chat.schema import migrate
from termai.errors import InvalidFileError, StorageError, TermaiError
from termai.paths import private_dir

BUSY_TIMEOUT_S: Final = 10.0

_DAMAGED: Final = ("not a database", "malformed", "corrupt", "unsupported file format")


def connect(path: Path) -> sqlite3.Connection:
    """Open or create the database, mode 0600, in WAL mode and brought to the newest version.

    The connection belongs to the calling thread. Raises InvalidFileError when the file is
    damaged, another program's or newer than this termai, and StorageError when it cannot be
    opened or created; the file is then left as it is.
    """
    with explained(path):
        _make_private(path)
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection, str(path))
            _use_wal(connection)
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system raise inside into termai's errors."""
    try:
        yield
    except TermaiError:
        raise
    except (sqlite3.Error, OSError) as error:
        raise _explain(error, path) from error


@contextmanager
def writing(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Run the body in one transaction that takes the write lock at once.

    Taking it at once lets two programs wait for each other instead of failing half-way.
    """
    with explained(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _use_wal(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        # Another program is at this very step; what it sets holds for this connection too.
    connection.execute("PRAGMA synchronous = NORMAL")


def _make_private(path: Path) -> None:
    private_dir(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        return  # SQLite may still open it to read
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _explain(error: sqlite3.Error | OSError, path: Path) -> TermaiError:
    text = str(error)
    if isinstance(error, OSError):
        text = (error.strerror or text).lower()
    if any(sign in text for sign in _DAMAGED):
        return InvalidFileError(
            f"{path} is damaged: {text}.",
            fix="It is left as it is; `sqlite3 FILE .recover` saves what can be read. "
            "Move it away to begin with an empty one.",
        )
    if "locked" in text:
        return StorageError(
            f"{path} has been locked by another program for {BUSY_TIMEOUT_S:.0f} s.",
            fix="Nothing was changed; try again when the other program is done.",
        )
    return StorageError(
        f"{path} could not be read or written: {text}.",
        fix="What was there before is unchanged; free space or mend the permissions, "
        "then try again.",
    )
