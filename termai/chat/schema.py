"""The tables of ``chats.db`` and the steps from each version of them to the next."""

import sqlite3
from typing import Final

from termai.errors import InvalidFileError

APPLICATION_ID: Final = 0x7465726D  # "term", in the header that sqlite.org/fileformat2 describes

_VERSION_1: Final = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    system_prompt TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    active_leaf INTEGER,
    deleted_at REAL,
    FOREIGN KEY (id, active_leaf) REFERENCES messages (conversation, id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent INTEGER,
    role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'stopped', 'failed')),
    created_at REAL NOT NULL,
    stats TEXT,
    model TEXT NOT NULL,
    error TEXT NOT NULL,
    writer TEXT,
    UNIQUE (conversation, id),
    CHECK (parent IS NULL OR parent < id),
    FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX messages_by_parent ON messages (conversation, parent);
CREATE INDEX messages_streaming ON messages (id) WHERE status = 'streaming';
CREATE INDEX conversations_by_time ON conversations (updated_at);

CREATE VIRTUAL TABLE titles USING fts5 (
    title, content = 'conversations', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER title_added AFTER INSERT ON conversations BEGIN
    INSERT INTO titles (rowid, title) VALUES (new.id, new.title);
END;
CREATE TRIGGER title_removed AFTER DELETE ON conversations BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.id, old.title);
END;
CREATE TRIGGER title_changed AFTER UPDATE OF title ON conversations BEGIN
    INSERT INTO titles (titles, rowid, title) VALUES ('delete', old.id, old.title);
    INSERT INTO titles (rowid, title) VALUES (new.id, new.title);
END;

CREATE VIRTUAL TABLE contents USING fts5 (
    content, content = 'messages', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER content_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
    INSERT INTO contents (rowid, content) VALUES (new.id, new.content);
END;
CREATE TRIGGER content_removed AFTER DELETE ON messages WHEN old.status <> 'streaming' BEGIN
    INSERT INTO contents (contents, rowid, content) VALUES ('delete', old.id, old.content);
END;
CREATE TRIGGER content_left BEFORE UPDATE OF content, status ON messages
WHEN old.status <> 'streaming' BEGIN
    INSERT INTO contents (contents, rowid, content) VALUES ('delete', old.id, old.content);
END;
CREATE TRIGGER content_settled AFTER UPDATE OF content, status ON messages
WHEN new.status <> 'streaming' BEGIN
    INSERT INTO contents (rowid, content) VALUES (new.id, new.content);
END;
"""

MIGRATIONS: Final[tuple[str, ...]] = (_VERSION_1,)
"""``MIGRATIONS[n]`` brings a database from version n to n + 1."""


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring the open database to the newest version, all in one transaction or not at all.

    Raises InvalidFileError, and changes nothing, when the file is another program's or was
    written by a newer termai.
    """
    check_ours(connection, name)
    if _number(connection, "user_version") == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[_number(connection, "user_version") :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check_ours(connection: sqlite3.Connection, name: str) -> None:
    """Raise InvalidFileError for another program's database, or that of a newer termai."""
    version = _number(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and _number(connection, "application_id") != APPLICATION_ID:
        raise InvalidFileError(
            f"{name} is a database of some other program.",
            fix="It is left as it is; move it away to let termai keep conversations there.",
        )
    if version > len(MIGRATIONS):
        raise InvalidFileError(
            f"{name} was written by a newer termai: it has version {version}, "
            f"and this one knows up to {len(MIGRATIONS)}.",
            fix="It is left as it is; update termai to use it.",
        )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _statements(script: str) -> list[str]:
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return statements
