"""A disk that really is full: a small file system in memory, mounted for one program only."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from pathlib import Path
from termai.chat.messages import Role, Status
from termai.chat.store import ChatStore
from termai.errors import StorageError

disk = Path(os.environ["TERMAI_DATA_DIR"])
with ChatStore() as store:
    talk = store.create("talk")
    reply = store.add(talk.id, None, Role.ASSISTANT, "before", status=Status.STREAMING)
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(b"x" * 4096):
                pass
        except OSError as full:
            print(full.strerror)
    for attempt in (lambda: store.update_reply(reply.id, "y" * 300_000), lambda: store.create("z")):
        try:
            attempt()
            print("taken")
        except StorageError as error:
            print(error)
    print(store.message(reply.id).content)
    (disk / "filler").unlink()
    store.update_reply(reply.id, "y" * 300_000, status=Status.COMPLETE)
with ChatStore() as store:
    print(len(store.message(reply.id).content), store._all("PRAGMA integrity_check")[0][0])
"""
MOUNTED = 'mount -t tmpfs -o size=2m tmpfs "$0" && TERMAI_DATA_DIR="$0" exec "$@"'


def in_small_disk(disk: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    disk.mkdir()
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, str(disk)]
    return subprocess.run([*unshare, *argv], capture_output=True, text=True, timeout=60)


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    if not shutil.which("unshare") or in_small_disk(tmp_path / "try", "true").returncode:
        pytest.skip("this machine lets nobody mount a small disk of their own")
    ran = in_small_disk(tmp_path / "disk", sys.executable, "-c", PROGRAM)
    assert ran.returncode == 0, ran.stderr
    full, update, _create, kept, after = ran.stdout.splitlines()
    assert full == "No space left on device"
    assert "could not be read or written" in update
    assert "What was there before is unchanged" in update
    assert kept == "before"
    assert after == "300000 ok"
