"""Whether chats.db can be relied on: sound, damaged, somebody else's, in use."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from termai.chat import integrity
from termai.chat.database import connect
from termai.errors import InvalidFileError, StorageError


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with 300 conversations, closed."""
    path = tmp_path / "chats.db"
    with closing(connect(path)) as connection:
        connection.executemany(
            "INSERT INTO conversations (title, system_prompt, created_at, updated_at) "
            "VALUES (?, '', 0, 0)",
            [(f"Title {number} {'x' * 200}",) for number in range(300)],
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def beside(path: Path) -> list[str]:
    """Return the files of the database."""
    return sorted(found.name for found in path.parent.glob("chats.db*"))


def test_a_sound_one_is_left_untouched(database: Path) -> None:
    before = database.read_bytes(), database.stat().st_mtime_ns
    found = integrity.examine(database)
    assert (found.damage, found.conversations, found.whole) == ("", 300, True)
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before
    assert beside(database) == ["chats.db"]


def test_one_in_a_directory_that_cannot_be_written(database: Path) -> None:
    database.chmod(0o400)
    database.parent.chmod(0o500)
    try:
        assert integrity.examine(database).conversations == 300
    finally:
        database.parent.chmod(0o700)


def test_one_that_another_program_writes_to_is_seen_as_it_is_now(database: Path) -> None:
    with closing(connect(database)) as writer:
        writer.execute("DELETE FROM conversations WHERE id > 10")
        assert integrity.examine(database).conversations == 10
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM conversations")
        assert integrity.examine(database).conversations == 10
        writer.execute("ROLLBACK")


def test_damage_is_named(database: Path) -> None:
    data = bytearray(database.read_bytes())
    page = 4096
    for number in range(8, len(data) // page):
        data[number * page : number * page + 200] = b"\xff" * 200
    database.write_bytes(data)
    try:
        damage = integrity.examine(database).damage
    except InvalidFileError as error:
        damage = error.message
    assert damage


@pytest.mark.parametrize("content", [b"no database at all, but a long text" * 200, b"SQLite f"])
def test_what_is_no_database(database: Path, content: bytes) -> None:
    database.write_bytes(content)
    with pytest.raises(InvalidFileError, match="damaged"):
        integrity.examine(database)


def test_an_empty_file_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "chats.db"
    path.touch()
    assert integrity.examine(path) == integrity.Soundness(conversations=0)


def test_another_programs_and_a_newer_one(database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(InvalidFileError, match="newer termai"):
        integrity.examine(database)
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE a (b)")
    with pytest.raises(InvalidFileError, match="some other program"):
        integrity.examine(other)


def test_time_is_limited(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_STEPS", 1)
    found = integrity.examine(database, limit_s=-1)
    assert not found.whole
    assert not found.damage


def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        integrity.examine(tmp_path / "chats.db")
    assert not (tmp_path / "chats.db").exists()
