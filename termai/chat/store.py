"""Conversations kept in ``chats.db``: trees of messages, written while they are being said."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from termai.chat import rows
from termai.chat.database import connect, explained, writing
from termai.chat.messages import Conversation, Hit, Message, ReplyStats, Role, Status
from termai.chat.rows import CONVERSATIONS, MESSAGES
from termai.errors import NotFoundError
from termai.jobs.processes import identify, is_alive
from termai.paths import chats_db
from termai.text import one_line


class ChatStore:
    """The conversations of one database, used from the thread that opened it.

    Everything raises StorageError when the disk refuses (nothing is then half-written) and
    InvalidFileError when the file turns out to be damaged. Opening settles replies that a
    killed program left behind.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.file = path or chats_db()
        self._db = connect(self.file)
        self._writer = rows.writer_text(identify(os.getpid()))
        try:
            self.settle_interrupted()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; what was written stays."""
        with explained(self.file):
            self._db.close()

    # Conversations

    def create(self, title: str = "", *, system_prompt: str = "") -> Conversation:
        """Begin an empty conversation."""
        now = time.time()
        with writing(self._db, self.file):
            cursor = self._db.execute(
                "INSERT INTO conversations (title, system_prompt, created_at, updated_at) "
                "VALUES (?, ?, ?, ?)",
                (rows.storable(title), rows.storable(system_prompt), now, now),
            )
        return self.conversation(int(cursor.lastrowid or 0))

    def conversation(self, conversation: int) -> Conversation:
        """Return one conversation, deleted or not; NotFoundError when there is none."""
        found = self._all(CONVERSATIONS + "WHERE c.id = ?", conversation)
        if not found:
            raise NotFoundError(f"There is no conversation {conversation}.")
        return rows.conversation(found[0])

    def list_conversations(self, *, deleted: bool = False, limit: int = -1) -> list[Conversation]:
        """Return conversations, the last used first: those kept, or those deleted."""
        kept = "IS NOT NULL" if deleted else "IS NULL"
        newest_first = f"WHERE c.deleted_at {kept} ORDER BY c.updated_at DESC, c.id DESC LIMIT ?"
        found = self._all(CONVERSATIONS + newest_first, limit)
        return [rows.conversation(row) for row in found]

    def rename(self, conversation: int, title: str) -> None:
        """Give a conversation another title."""
        self._change(conversation, "title = ?", rows.storable(title))

    def set_system_prompt(self, conversation: int, system_prompt: str) -> None:
        """Change what the model is told before the conversation."""
        self._change(conversation, "system_prompt = ?", rows.storable(system_prompt))

    def delete(self, conversation: int) -> None:
        """Put a conversation aside; `undelete` brings it back until it is purged."""
        self._change(conversation, "deleted_at = ?", time.time())

    def undelete(self, conversation: int) -> None:
        """Bring a deleted conversation back as it was."""
        self._change(conversation, "deleted_at = NULL")

    def purge(self, *, older_than_s: float = 0.0) -> int:
        """Remove for ever what was deleted at least ``older_than_s`` ago; return how many."""
        with writing(self._db, self.file):
            gone = self._db.execute(
                "DELETE FROM conversations WHERE deleted_at <= ?", (time.time() - older_than_s,)
            )
        return gone.rowcount

    # Messages

    def add(
        self,
        conversation: int,
        parent: int | None,
        role: Role,
        content: str = "",
        *,
        reasoning: str = "",
        status: Status = Status.COMPLETE,
        stats: ReplyStats | None = None,
        model: str = "",
        error: str = "",
    ) -> Message:
        """Add a message below ``parent`` (None: a first message) and show its branch.

        Raises NotFoundError when there is no such conversation or no such message in it.
        """
        writer = self._writer if status is Status.STREAMING else None
        now = time.time()
        with writing(self._db, self.file):
            self._require(conversation, parent)
            cursor = self._db.execute(
                "INSERT INTO messages (conversation, parent, role, content, reasoning, status, "
                "created_at, stats, model, error, writer) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                (
                    *(conversation, parent, role.value, rows.storable(content)),
                    *(rows.storable(reasoning), status.value, now, rows.stats_text(stats)),
                    *(rows.storable(model), rows.storable(error), writer),
                ),
            )
            message = int(cursor.lastrowid or 0)
            self._db.execute(
                "UPDATE conversations SET active_leaf = ?, updated_at = ? WHERE id = ?",
                (message, now, conversation),
            )
        return self.message(message)

    def update_reply(
        self,
        message: int,
        content: str,
        reasoning: str = "",
        status: Status = Status.STREAMING,
        stats: ReplyStats | None = None,
        *,
        model: str = "",
        error: str = "",
    ) -> None:
        """Replace the text and the state of a reply; NotFoundError when it was purged."""
        writer = self._writer if status is Status.STREAMING else None
        with writing(self._db, self.file):
            changed = self._db.execute(
                "UPDATE messages SET content = ?, reasoning = ?, status = ?, stats = ?, "
                "model = CASE WHEN ? <> '' THEN ? ELSE model END, error = ?, writer = ? "
                "WHERE id = ?",
                (
                    *(rows.storable(content), rows.storable(reasoning), status.value),
                    *(rows.stats_text(stats), rows.storable(model), rows.storable(model)),
                    *(rows.storable(error), writer, message),
                ),
            )
            if not changed.rowcount:
                raise NotFoundError(f"There is no message {message} any more.")
            if status is not Status.STREAMING:
                self._db.execute(
                    "UPDATE conversations SET updated_at = max(updated_at, ?) WHERE id = "
                    "(SELECT conversation FROM messages WHERE id = ?)",
                    (time.time(), message),
                )

    def message(self, message: int) -> Message:
        """Return one message; NotFoundError when there is none."""
        found = self._all(MESSAGES + "WHERE m.id = ?", message)
        if not found:
            raise NotFoundError(f"There is no message {message}.")
        return rows.message(found[0])

    def path(self, conversation: int) -> list[Message]:
        """Return the branch that is shown, from its first message to the active leaf."""
        leaf = self.conversation(conversation).active_leaf
        return [] if leaf is None else self.path_to(leaf)

    def path_to(self, message: int) -> list[Message]:
        """Return the messages from the root of the tree down to ``message``."""
        found = self._all(rows.PATH, message)
        return [rows.message(row) for row in found]

    def children(self, parent: int) -> list[Message]:
        """Return the messages directly below ``parent``, oldest first."""
        found = self._all(rows.CHILDREN, parent)
        return [rows.message(row) for row in found]

    def roots(self, conversation: int) -> list[Message]:
        """Return the messages without a parent, oldest first."""
        found = self._all(
            MESSAGES + "WHERE m.conversation = ? AND m.parent IS NULL ORDER BY m.id",
            conversation,
        )
        return [rows.message(row) for row in found]

    def set_active(self, conversation: int, leaf: int | None) -> None:
        """Show the branch that ends in ``leaf``; None shows nothing, as before a first message.

        Raises NotFoundError when the message is not in that conversation.
        """
        with writing(self._db, self.file):
            self._require(conversation, leaf)
            self._db.execute(
                "UPDATE conversations SET active_leaf = ? WHERE id = ?", (leaf, conversation)
            )

    def leaf_below(self, message: int) -> int:
        """Return the newest leaf below ``message``, or itself when nothing is below it."""
        conversation, leaf = self.message(message).conversation, message
        while below := self._all(
            "SELECT id FROM messages WHERE conversation = ? AND parent = ? "
            "ORDER BY id DESC LIMIT 1",
            conversation,
            leaf,
        ):
            leaf = int(below[0]["id"])
        return leaf

    def search(self, query: str, *, limit: int = 50) -> list[Hit]:
        """Return kept conversations whose title or messages have words beginning as in ``query``.

        Every word must occur, in any order. Replies being written are not searched yet.
        """
        match = rows.match_words(query)
        if not match:
            return []
        found = self._all(rows.SEARCH, match, limit)
        return [
            Hit(rows.conversation(row), row["message"], one_line(row["snippet"])) for row in found
        ]

    def settle_interrupted(self) -> int:
        """Mark replies whose writing program is gone as stopped; return how many there were."""
        found = self._all("SELECT id, writer FROM messages WHERE status = 'streaming'")
        gone = [int(row["id"]) for row in found if not is_alive(rows.writer(row["writer"]))]
        return self._settle(gone) if gone else 0

    def _settle(self, messages: Iterable[int]) -> int:
        with writing(self._db, self.file):
            return sum(
                self._db.execute(
                    "UPDATE messages SET status = 'stopped', writer = NULL "
                    "WHERE id = ? AND status = 'streaming'",
                    (message,),
                ).rowcount
                for message in messages
            )

    def _require(self, conversation: int, message: int | None) -> None:
        if not self._all("SELECT 1 FROM conversations WHERE id = ?", conversation):
            raise NotFoundError(f"There is no conversation {conversation}.")
        if message is not None and not self._all(
            "SELECT 1 FROM messages WHERE id = ? AND conversation = ?", message, conversation
        ):
            raise NotFoundError(f"There is no message {message} in conversation {conversation}.")

    def _change(self, conversation: int, assignment: str, *values: Any) -> None:
        with writing(self._db, self.file):
            changed = self._db.execute(
                f"UPDATE conversations SET {assignment} WHERE id = ?",  # noqa: S608
                (*values, conversation),
            )
        if not changed.rowcount:
            raise NotFoundError(f"There is no conversation {conversation}.")

    def _all(self, statement: str, *values: Any) -> list[Any]:
        with explained(self.file):
            return self._db.execute(statement, values).fetchall()
