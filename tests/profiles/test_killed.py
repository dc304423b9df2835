"""Killed at any moment, on a full disk, two at once: no version of a profile is ever lost."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from termai.errors import StorageError, TermaiError
from termai.paths import data_dir, profiles_dir
from termai.profiles import history, versions
from termai.profiles.profile import Profile
from termai.profiles.store import (
    delete_profile,
    duplicate_profile,
    load_profile,
    rename_profile,
    save_profile,
    save_text,
    user_path,
)

_NAMES = ("one", "two")
_HAND = "# by hand\n[load]\nctx_size = 77\n"
_CHANGES = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir")


def _contents() -> set[bytes]:
    """Return every content that a profile has or that can be restored, all of them whole."""
    found = set()
    for name in _NAMES:
        for version in history.versions(name):
            history.profile(version)
            found.add(versions.content(version))
        if user_path(name).exists():
            load_profile(name)
            found.add(user_path(name).read_bytes())
    return found


def _begin() -> None:
    """Have one profile with two versions and an edit by hand that no version holds yet."""
    for directory in (profiles_dir(), data_dir()):
        shutil.rmtree(directory, ignore_errors=True)
    save_profile(Profile("one", values={"ctx_size": 1}))
    save_profile(load_profile("one").with_values(ctx_size=2))
    user_path("one").write_text(_HAND)


def _save() -> None:
    save_profile(load_profile("one").with_values(ctx_size=3))


def _save_over() -> None:
    save_profile(Profile("one", values={"ctx_size": 3}), over=True)


def _save_text() -> None:
    save_text("one", "[load]\nctx_size = 5\n", revision=load_profile("one").revision)


def _delete() -> None:
    delete_profile("one")


def _restore() -> None:
    history.restore(history.versions("one")[-1])


def _rename() -> None:
    rename_profile("one", "two")


def _duplicate() -> None:
    duplicate_profile("one", "two")


def _killed_before(work: Callable[[], None], step: int) -> None:
    """Do some work and die, as by SIGKILL, just before its ``step``-th change of the disk."""
    left = [step]

    def count(event: str, arguments: tuple[object, ...]) -> None:
        if event in _CHANGES and (event != "open" or _writes(arguments)):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work()


def _writes(arguments: tuple[object, ...]) -> bool:
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & os.O_ACCMODE)


@pytest.mark.parametrize(
    "work",
    [_save, _save_over, _save_text, _delete, _restore, _rename, _duplicate],
    ids=lambda work: work.__name__.strip("_"),
)
def test_a_kill_before_each_change_of_the_disk_loses_nothing(work: Callable[[], None]) -> None:
    context = multiprocessing.get_context("fork")
    for step in range(200):
        _begin()
        before = _contents()
        program = context.Process(target=_killed_before, args=(work, step))
        program.start()
        program.join(60)
        assert before <= _contents(), f"killed before change {step}"
        there = [name for name in _NAMES if user_path(name).exists()]
        assert there or [version.name for version in history.removed()] == ["one"]
        for name in there:
            save_profile(load_profile(name).with_values(ctx_size=step))
        if program.exitcode == 0:
            break
        assert program.exitcode == -signal.SIGKILL
    assert 3 <= step < 199


def test_a_profile_killed_while_renamed_has_its_whole_history_under_the_name_it_has() -> None:
    context = multiprocessing.get_context("fork")
    for step in range(200):
        _begin()
        history.note_external("one")
        before = {version.revision for version in history.versions("one")}
        program = context.Process(target=_killed_before, args=(_rename, step))
        program.start()
        program.join(60)
        [name] = [name for name in _NAMES if user_path(name).exists()]
        assert before <= {version.revision for version in history.versions(name)}
        if program.exitcode == 0:
            break
    assert history.versions("one") == ()
    assert history.versions("two")[0].reason == "renamed"


_CHURN = """
import itertools, sys
from termai.errors import TermaiError
from termai.profiles import history, versions
from termai.profiles.store import *

versions.NEWEST = 10**6
for n in itertools.count(int(sys.argv[1])):
    try:
        if n % 5 == 3:
            history.restore(delete_profile("one"))
        elif n % 5 == 4:
            rename_profile("one", "two")
            rename_profile("two", "one")
        else:
            save_profile(load_profile("one").with_values(ctx_size=n))
    except TermaiError:
        for version in history.removed():
            history.restore(version)
    print(n, flush=True)
"""


def _churn(start: int) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", _CHURN, str(start)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def test_programs_killed_at_work_on_one_profile_lose_no_version() -> None:
    _begin()
    known = _contents()
    start = 10
    for round_ in range(2):
        with _churn(start) as one, _churn(start + 1000) as two:
            assert one.stdout
            assert two.stdout
            for _ in range(round_ + 2):
                start = int(one.stdout.readline()) + 1
                two.stdout.readline()
            one.kill()
            two.kill()
        now = _contents()
        assert known <= now
        assert [name for name in _NAMES if user_path(name).exists()] or history.removed()
        known = now


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 KiB as the data directory, which holds the history."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "termai" / "data"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_history_on_a_full_disk_stops_no_save_and_loses_nothing(small_disk: Path) -> None:
    told: list[TermaiError] = []
    mine = Profile("mine", values={"system_prompt": "a" * 20_000})
    save_profile(mine, warn=told.append)
    assert not told
    for letter in "bcde":
        save_profile(load_profile("mine").with_values(system_prompt=letter * 20_000))
    save_profile(load_profile("mine").with_values(system_prompt="f" * 20_000), warn=told.append)
    assert load_profile("mine").value("system_prompt") == "f" * 20_000
    assert "No space left" in told[-1].message
    kept = history.versions("mine")
    assert kept
    assert all(history.text(version) for version in kept)
    with pytest.raises(StorageError, match="No space left"):
        delete_profile("mine")
    assert load_profile("mine").value("system_prompt") == "f" * 20_000
    with suppress(TermaiError):
        rename_profile("mine", "other")
    assert len(history.versions("mine")) in (0, len(kept))
