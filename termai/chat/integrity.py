"""Whether ``chats.db`` can be relied on, looked at without a change to it."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from termai.chat.database import explained
from termai.chat.schema import check_ours

LIMIT_S: Final = 1.5
_STEPS: Final = 20_000  # of SQLite's machine between two looks at the clock


@dataclass(frozen=True, slots=True)
class Soundness:
    """What a look at a database found.

    damage: the first fault that SQLite names, empty for none. conversations: how many there are,
    None where that could not be counted. whole: whether all of it was looked at in time.
    """

    damage: str = ""
    conversations: int | None = None
    whole: bool = True


def examine(path: Path, *, limit_s: float = LIMIT_S) -> Soundness:
    """Return what SQLite's quick_check says of the database, which must be there.

    It is opened for reading only; where nobody has it open, no file is made beside it. Raises
    InvalidFileError for what is no database of this termai, and StorageError when it is locked or
    cannot be read.
    """
    with explained(path), closing(_opened(path)) as connection:
        check_ours(connection, str(path))
        if _is_empty(connection):
            return Soundness(conversations=0)
        end = time.monotonic() + limit_s
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        try:
            count = connection.execute("SELECT count(*) FROM conversations").fetchone()[0]
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            return Soundness(whole=False)
        return Soundness("" if said == "ok" else str(said), count)


def _opened(path: Path) -> sqlite3.Connection:
    """Open for reading; ``immutable`` where no other program writes, since WAL needs files else.

    https://sqlite.org/wal.html#readonly
    """
    alone = not path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro&immutable=1" if alone else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=1.0)


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
