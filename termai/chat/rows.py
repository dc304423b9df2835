"""Between rows of ``chats.db`` and the values that the rest of termai sees."""

import re
import sqlite3
from typing import Final

import msgspec

from termai.chat.messages import Conversation, Message, ReplyStats, Role, Status
from termai.jobs.processes import ProcessId

_CONVERSATION: Final = (
    "SELECT c.id, c.title, c.system_prompt, c.created_at, c.updated_at, c.active_leaf, c.deleted_at"
)
CONVERSATIONS: Final = f"{_CONVERSATION} FROM conversations c "
MESSAGES: Final = (
    "SELECT m.id, m.conversation, m.parent, m.role, m.content, m.reasoning, m.status, "
    "m.created_at, m.stats, m.model, m.error FROM messages m "
)
SEARCH: Final = f"""{_CONVERSATION}, hits.message, hits.snippet FROM (
    SELECT rowid AS conversation, NULL AS message, rank,
        snippet(titles, 0, '', '', '…', 16) AS snippet
    FROM titles WHERE titles MATCH ?1
    UNION ALL
    SELECT m.conversation, m.id, rank, snippet(contents, 0, '', '', '…', 16)
    FROM contents JOIN messages m ON m.id = contents.rowid WHERE contents MATCH ?1
) hits JOIN conversations c ON c.id = hits.conversation
WHERE c.deleted_at IS NULL ORDER BY hits.rank LIMIT ?2
"""  # noqa: S608 - constants only, here and below
PATH: Final = f"""{MESSAGES} JOIN (
    WITH RECURSIVE up (id, parent) AS (
        SELECT id, parent FROM messages WHERE id = ?
        UNION ALL
        SELECT n.id, n.parent FROM messages n JOIN up ON n.id = up.parent
    ) SELECT id FROM up
) line ON line.id = m.id ORDER BY m.id"""  # noqa: S608
CHILDREN: Final = f"""{MESSAGES}
WHERE m.conversation = (SELECT conversation FROM messages WHERE id = ?1) AND m.parent = ?1
ORDER BY m.id"""  # noqa: S608

_WORD: Final = re.compile(r"\w+")
_UNSTORABLE: Final = re.compile("[\\x00\\ud800-\\udfff]")


def conversation(row: sqlite3.Row) -> Conversation:
    """Return the conversation in a row that begins with the columns of CONVERSATIONS."""
    return Conversation(*tuple(row)[:7])


def message(row: sqlite3.Row) -> Message:
    """Return the message in a row of MESSAGES."""
    return Message(
        id=row["id"],
        conversation=row["conversation"],
        parent=row["parent"],
        role=Role(row["role"]),
        content=row["content"],
        reasoning=row["reasoning"],
        status=Status(row["status"]),
        created_at=row["created_at"],
        stats=_stats(row["stats"]),
        model=row["model"],
        error=row["error"],
    )


def stats_text(stats: ReplyStats | None) -> str | None:
    """Return the measurements as JSON, or None."""
    return None if stats is None else msgspec.json.encode(stats).decode()


def writer_text(process: ProcessId | None) -> str:
    """Return a process as the ``writer`` column names it; empty when it has no identity."""
    return f"{process.pid} {process.started}" if process else ""


def writer(text: str | None) -> ProcessId | None:
    """Return the process that a ``writer`` column names, or None when it names none."""
    pid, _, started = (text or "").partition(" ")
    return ProcessId(int(pid), started) if pid.isdecimal() else None


def storable(text: str) -> str:
    """Return text as SQLite and its text functions take it: NUL and lone surrogates as U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def match_words(query: str) -> str:
    """Return an FTS5 expression for the words of a person's query, each matched as a prefix."""
    return " ".join(f'"{word}"*' for word in _WORD.findall(query))


def _stats(text: str | None) -> ReplyStats | None:
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=ReplyStats)
    except msgspec.DecodeError:
        return None
