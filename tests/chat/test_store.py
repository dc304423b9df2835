"""Conversations on disk: trees, search, undo, and files that are not what they should be."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from termai.chat.async_store import AsyncChatStore
from termai.chat.messages import ReplyStats, Role, Status
from termai.chat.schema import APPLICATION_ID
from termai.chat.store import ChatStore
from termai.errors import InvalidFileError, NotFoundError, StorageError
from termai.paths import chats_db


@pytest.fixture
def store() -> Iterator[ChatStore]:
    with ChatStore() as opened:
        yield opened


def check(path: Path) -> None:
    """Fail unless the database is sound and both indexes agree with it (no reply streaming)."""
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for table in ("titles", "contents"):
            statement = "INSERT INTO {0} ({0}, rank) VALUES ('integrity-check', 1)"
            db.execute(statement.format(table))
    db.close()


def test_a_new_database_is_private_and_in_wal_mode(store: ChatStore) -> None:
    store.create("x")
    for path in (chats_db(), Path(f"{chats_db()}-wal"), Path(f"{chats_db()}-shm")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(chats_db()) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    db.close()


def test_a_database_that_others_can_read_is_closed_to_them() -> None:
    ChatStore().close()
    chats_db().chmod(0o644)
    ChatStore().close()
    assert stat.S_IMODE(chats_db().stat().st_mode) == 0o600


def test_what_was_said_is_there_after_opening_again() -> None:
    stats = ReplyStats(17, 10, 0.25, 61.5, 27, 1024, 3, 0.5)
    with ChatStore() as store:
        talk = store.create("Capitals", system_prompt="Be brief.")
        question = store.add(talk.id, None, Role.USER, "Capital of France?")
        reply = store.add(talk.id, question.id, Role.ASSISTANT, status=Status.STREAMING)
        store.update_reply(
            reply.id, "Paris.", "Hm.", Status.FAILED, stats, model="smoke", error="It broke."
        )
        path = store.path(talk.id)
    with ChatStore() as store:
        assert store.path(talk.id) == path
        assert store.conversation(talk.id).system_prompt == "Be brief."
    assert [m.content for m in path] == ["Capital of France?", "Paris."]
    assert (path[1].stats, path[1].reasoning) == (stats, "Hm.")
    assert (path[1].status, path[1].model, path[1].error) == (Status.FAILED, "smoke", "It broke.")


def test_retrying_makes_siblings_and_branches_can_be_shown_again(store: ChatStore) -> None:
    talk = store.create()
    question = store.add(talk.id, None, Role.USER, "q")
    first = store.add(talk.id, question.id, Role.ASSISTANT, "a1")
    more = store.add(talk.id, first.id, Role.USER, "q2")
    second = store.add(talk.id, question.id, Role.ASSISTANT, "a2")
    assert store.children(question.id) == [first, second]
    assert [m.content for m in store.path(talk.id)] == ["q", "a2"]
    assert store.leaf_below(first.id) == more.id
    store.set_active(talk.id, store.leaf_below(first.id))
    assert [m.content for m in store.path(talk.id)] == ["q", "a1", "q2"]
    edited = store.add(talk.id, None, Role.USER, "other")
    assert store.roots(talk.id) == [question, edited]
    assert store.path(talk.id) == [edited]


def test_deleting_can_be_undone_until_it_is_purged(store: ChatStore) -> None:
    talk = store.create("gone")
    kept = store.create("kept")
    store.add(talk.id, None, Role.USER, "text")
    path = store.path(talk.id)
    store.delete(talk.id)
    assert [c.id for c in store.list_conversations()] == [kept.id]
    assert [c.id for c in store.list_conversations(deleted=True)] == [talk.id]
    assert store.search("text") == []
    assert store.purge(older_than_s=3600) == 0
    store.undelete(talk.id)
    assert store.path(talk.id) == path
    store.delete(talk.id)
    assert store.purge() == 1
    with pytest.raises(NotFoundError):
        store.conversation(talk.id)
    with pytest.raises(NotFoundError):
        store.message(path[0].id)
    check(store.file)
    assert store.create().id > kept.id


def test_the_last_used_conversation_comes_first(store: ChatStore) -> None:
    old, new = store.create("old"), store.create("new")
    assert [c.title for c in store.list_conversations()] == ["new", "old"]
    store.add(old.id, None, Role.USER, "again")
    assert [c.title for c in store.list_conversations(limit=1)] == ["old"]
    store.rename(new.id, "renamed")
    assert store.conversation(new.id).title == "renamed"


def test_search_finds_titles_and_messages_by_beginnings_of_words(store: ChatStore) -> None:
    talk = store.create("Été in Frankreich")
    question = store.add(talk.id, None, Role.USER, 'What is "the" capital?')
    reply = store.add(talk.id, question.id, Role.ASSISTANT, "", status=Status.STREAMING)
    store.update_reply(reply.id, "The capital is")
    assert [hit.message for hit in store.search("ete frank")] == [None]
    assert [hit.message for hit in store.search("cap")] == [question.id]
    store.update_reply(reply.id, "The capital is Paris.", status=Status.COMPLETE)
    assert {hit.message for hit in store.search("cap")} == {question.id, reply.id}
    assert "Paris" in store.search("paris")[0].snippet
    store.update_reply(reply.id, "The capital is Rome.", status=Status.COMPLETE)
    assert store.search("paris") == []
    check(store.file)


@pytest.mark.parametrize(
    "query", ["", "*", '"', "NOT", "a OR", "title:x", "(", "-", "x\x00y", "\ud800"]
)
def test_any_query_is_only_words(store: ChatStore, query: str) -> None:
    store.create("something else")
    assert store.search(query) == []


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "\x1b[31m", "x" * 1_000_000, "🦙" * 1000])
def test_any_text_can_be_kept(store: ChatStore, text: str) -> None:
    talk = store.create(text)
    kept = store.add(talk.id, None, Role.USER, text).content
    assert kept == text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert store.conversation(talk.id).title == kept


def test_what_does_not_exist_is_said_so_and_nothing_changes(store: ChatStore) -> None:
    one, two = store.create("one"), store.create("two")
    message = store.add(one.id, None, Role.USER, "q")
    for wrong in (
        lambda: store.add(99, None, Role.USER, "x"),
        lambda: store.add(two.id, message.id, Role.USER, "x"),
        lambda: store.set_active(two.id, message.id),
        lambda: store.rename(99, "x"),
        lambda: store.delete(99),
        lambda: store.update_reply(99, "x"),
        lambda: store.path(99),
        lambda: store.message(99),
    ):
        with pytest.raises(NotFoundError):
            wrong()
    assert store.path(two.id) == []
    check(store.file)


@pytest.mark.parametrize(
    "damage", [b"not a database at all, but text", b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_file_is_reported_and_left_alone(damage: bytes) -> None:
    chats_db().parent.mkdir(parents=True)
    chats_db().write_bytes(damage)
    with pytest.raises(InvalidFileError, match="damaged"):
        ChatStore()
    assert chats_db().read_bytes() == damage


def test_a_page_overwritten_in_the_middle_is_reported() -> None:
    with ChatStore() as store:
        talk = store.create("x")
        for _ in range(50):
            store.add(talk.id, None, Role.USER, "word " * 200)
    with chats_db().open("r+b") as stream:
        stream.seek(4096)
        stream.write(os.urandom(chats_db().stat().st_size - 4096))
    before = chats_db().read_bytes()

    def read_all() -> None:
        with ChatStore() as store:
            store.list_conversations()
            store.path(talk.id)

    with pytest.raises(InvalidFileError, match="damaged"):
        read_all()
    assert chats_db().read_bytes() == before


def test_a_newer_database_is_reported_and_left_alone() -> None:
    ChatStore().close()
    with sqlite3.connect(chats_db()) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = chats_db().read_bytes()
    with pytest.raises(InvalidFileError, match=r"newer termai: it has version 99"):
        ChatStore()
    assert chats_db().read_bytes() == before


def test_another_programs_database_is_left_alone() -> None:
    chats_db().parent.mkdir(parents=True)
    with sqlite3.connect(chats_db()) as db:
        db.execute("CREATE TABLE bookmarks (url TEXT)")
    db.close()
    before = chats_db().read_bytes()
    with pytest.raises(InvalidFileError, match="some other program"):
        ChatStore()
    assert chats_db().read_bytes() == before


def test_a_directory_in_the_way_is_a_sentence() -> None:
    chats_db().mkdir(parents=True)
    with pytest.raises(StorageError, match="could not be read or written"):
        ChatStore()


def test_a_full_disk_is_an_error_and_what_was_there_stays(store: ChatStore) -> None:
    talk = store.create("x")
    reply = store.add(talk.id, None, Role.ASSISTANT, "before", status=Status.STREAMING)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        store.update_reply(reply.id, "x" * 100_000)
    assert store.message(reply.id).content == "before"
    store._db.execute("PRAGMA max_page_count = 1000000")
    store.update_reply(reply.id, "x" * 100_000)
    assert len(store.message(reply.id).content) == 100_000


def test_a_reply_of_a_killed_program_is_stopped_and_of_a_living_one_is_not(
    store: ChatStore,
) -> None:
    script = (
        "import sys; from termai.chat.store import ChatStore; "
        "from termai.chat.messages import Role, Status\n"
        "store = ChatStore(); talk = store.create('x')\n"
        "reply = store.add(talk.id, None, Role.ASSISTANT, 'half', status=Status.STREAMING)\n"
        "print(reply.id, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        try:
            assert other.stdout
            reply = int(other.stdout.readline())
            assert store.settle_interrupted() == 0
            assert store.message(reply).status is Status.STREAMING
        finally:
            other.kill()
    with ChatStore() as later:
        kept = later.message(reply)
    assert (kept.status, kept.content) == (Status.STOPPED, "half")
    check(store.file)


WRITER = """
import sys
from termai.chat.store import ChatStore
from termai.chat.messages import Role, Status
with ChatStore() as store:
    talk = store.create(sys.argv[1])
    last = None
    for n in range(60):
        last = store.add(talk.id, last, Role.ASSISTANT, status=Status.STREAMING).id
        store.update_reply(last, f"{sys.argv[1]} {n} " * 50, status=Status.COMPLETE)
"""


def test_programs_write_at_once() -> None:
    names = ["one", "two", "three"]
    running = [subprocess.Popen([sys.executable, "-c", WRITER, name]) for name in names]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    with ChatStore() as store:
        talks = store.list_conversations()
        assert sorted(talk.title for talk in talks) == sorted(names)
        for talk in talks:
            path = store.path(talk.id)
            assert [m.content for m in path] == [f"{talk.title} {n} " * 50 for n in range(60)]
    check(chats_db())


async def test_the_async_store_keeps_order_on_a_thread_of_its_own() -> None:
    async with AsyncChatStore() as store:
        talk = await store.create("x")
        reply = await store.add(talk.id, None, Role.ASSISTANT, status=Status.STREAMING)
        writes = [store.update_reply(reply.id, "x" * n) for n in range(50)]
        read = store.message(reply.id)
        assert (await read).content == "x" * 49
        for write in writes:
            await write
        with pytest.raises(NotFoundError):
            await store.path(99)


class Tree(RuleBasedStateMachine):
    """The store against a dictionary: id to (parent, content)."""

    @initialize()
    def begin(self) -> None:
        chats_db().unlink(missing_ok=True)
        self.store = ChatStore(Path(f"{chats_db()}-{os.urandom(6).hex()}"))
        self.talk = self.store.create("t").id
        self.nodes: dict[int, tuple[int | None, str]] = {}
        self.leaf: int | None = None

    def pick(self, data: st.DataObject) -> int | None:
        return data.draw(st.sampled_from([None, *self.nodes]))

    @rule(data=st.data(), content=st.text("ab ", max_size=5))
    def add(self, data: st.DataObject, content: str) -> None:
        parent = self.pick(data)
        self.leaf = self.store.add(self.talk, parent, Role.USER, content).id
        self.nodes[self.leaf] = (parent, content)

    @rule(data=st.data(), content=st.text("ab ", max_size=5), status=st.sampled_from(Status))
    def update(self, data: st.DataObject, content: str, status: Status) -> None:
        if (node := self.pick(data)) is not None:
            self.store.update_reply(node, content, status=status)
            self.nodes[node] = (self.nodes[node][0], content)

    @rule(data=st.data())
    def show(self, data: st.DataObject) -> None:
        self.leaf = self.pick(data)
        self.store.set_active(self.talk, self.leaf)

    @rule()
    def delete_and_undo(self) -> None:
        self.store.delete(self.talk)
        self.store.undelete(self.talk)

    @invariant()
    def agrees(self) -> None:
        line: list[tuple[int, str]] = []
        node = self.leaf
        while node is not None:
            line.insert(0, (node, self.nodes[node][1]))
            node = self.nodes[node][0]
        assert [(m.id, m.content) for m in self.store.path(self.talk)] == line
        for parent in self.nodes:
            below = [n for n, (above, _) in self.nodes.items() if above == parent]
            assert [m.id for m in self.store.children(parent)] == below
        assert [m.id for m in self.store.roots(self.talk)] == [
            n for n, (above, _) in self.nodes.items() if above is None
        ]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            for node, (_, content) in self.nodes.items():
                self.store.update_reply(node, content, status=Status.COMPLETE)
            check(self.store.file)
            self.store.close()


Tree.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
test_any_sequence_of_changes_keeps_the_tree = Tree.TestCase
