"""What stands in a file's place already: the user's own, termai's own, damaged, or no file."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from termai import settings
from termai.errors import NotFoundError, StorageError
from termai.jobs import store
from termai.models.downloads import control, known, records
from termai.models.downloads.plan import Plan
from termai.models.downloads.states import Status
from termai.paths import models_dir
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import SIZE, bring, planned
from tests.models.downloads.hub import OneRepo

MIB = 1 << 20


def occupy(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize("linked", [False, True], ids=["plain", "through a link"])
def test_a_file_of_the_users_own_is_kept(
    hub: OneRepo, plan: Plan, tmp_path: Path, *, linked: bool
) -> None:
    target = plan.target(plan.files[0])
    if linked:
        own = tmp_path / "own"
        own.mkdir()
        target.parent.parent.mkdir(parents=True)
        target.parent.symlink_to(own)
    occupy(target, b"precious")
    with pytest.raises(StorageError, match="termai did not write") as caught:
        control.add_plan(plan)
    assert str(target) in caught.value.message
    assert "Move it" in caught.value.fix
    assert target.read_bytes() == b"precious"
    assert control.list_downloads() == ()
    assert not hub.resolved()


def test_a_file_of_the_users_own_of_the_same_size_is_kept(hub: OneRepo, plan: Plan) -> None:
    target = plan.target(plan.files[0])
    occupy(target, bytes(SIZE))
    ended = control.wait(control.add_plan(plan), timeout_s=30)
    assert (ended.status, ended.exit_code) == (Status.FAILED, 7)
    assert "termai did not write" in ended.problem
    assert target.read_bytes() == bytes(SIZE)
    assert not hub.resolved()


def test_a_file_that_came_meanwhile_is_kept(
    hub: OneRepo, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = plan.target(plan.files[0])
    remember = known.remember

    def then_occupied(path: Path, *given: object, **named: object) -> None:
        remember(path, *given, **named)  # type: ignore[arg-type]
        occupy(target, b"precious")

    monkeypatch.setattr(known, "remember", then_occupied)
    with pytest.raises(StorageError, match="termai did not write"):
        bring(plan)
    assert target.read_bytes() == b"precious"


def test_a_file_of_the_users_own_that_was_recognised_stays_the_users(
    plan: Plan, content: Content
) -> None:
    target = plan.target(plan.files[0])
    occupy(target, content.data)
    bring(plan)
    target.write_bytes(b"edited")
    with pytest.raises(StorageError, match="termai did not write"):
        control.add_plan(plan)
    assert target.read_bytes() == b"edited"


def test_a_file_that_replaced_the_fetched_one_is_the_users(plan: Plan, tmp_path: Path) -> None:
    bring(plan)
    target = plan.target(plan.files[0])
    occupy(tmp_path / "mine", b"precious")
    (tmp_path / "mine").rename(target)
    with pytest.raises(StorageError, match="termai did not write"):
        control.add_plan(plan)


def flipped(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(SIZE // 2)
        stream.write(b"flipped")


def shortened(path: Path) -> None:
    os.truncate(path, SIZE - 1)


@pytest.mark.parametrize("damage", [flipped, shortened, Path.unlink])
def test_what_termai_wrote_and_was_damaged_since_is_fetched_again(
    hub: OneRepo, plan: Plan, content: Content, damage: Callable[[Path], None]
) -> None:
    first = control.wait(control.add_plan(plan), timeout_s=30)
    damage(first.path)
    again = control.add_plan(plan)
    assert again.id == first.id
    ended = control.wait(again, timeout_s=30)
    assert (ended.status, ended.problem) == (Status.DONE, "")
    assert first.path.read_bytes() == content.data
    assert hub.starts() == [0, 0]
    assert [p.name for p in models_dir().rglob("*") if p.is_file()] == ["model.gguf"]


def test_a_newer_revision_takes_the_place_of_what_termai_wrote(
    hub: OneRepo, plan: Plan, noise: random.Random
) -> None:
    bring(plan)
    content = Content(noise.randbytes(SIZE - 1))
    bring(planned(hub, hub.add("model.gguf", content), number="2"))
    assert plan.target(plan.files[0]).read_bytes() == content.data


@pytest.mark.parametrize("deep", [False, True], ids=["target", "parent"])
def test_what_is_no_place_for_a_file_is_found_before_the_download(
    hub: OneRepo, plan: Plan, *, deep: bool
) -> None:
    target = plan.target(plan.files[0])
    if deep:
        occupy(target.parent, b"")
    else:
        target.mkdir(parents=True)
    words = "no directory" if deep else "is a directory"
    with pytest.raises(StorageError, match=words):
        control.add_plan(plan)
    assert control.list_downloads() == ()
    assert not hub.resolved()


def test_a_directory_that_came_while_it_was_paused_is_found_at_the_start(
    hub: OneRepo, plan: Plan
) -> None:
    hub.files.rate = 0.2 * MIB
    download = control.pause(control.add_plan(plan))
    asked = len(hub.resolved())
    download.path.mkdir(parents=True)
    control.resume(download)
    ended = control.wait(download, timeout_s=30)
    assert (ended.status, ended.exit_code) == (Status.FAILED, 7)
    assert "is a directory" in ended.problem
    assert len(hub.resolved()) == asked


def test_what_is_here_and_verified_needs_no_turn_and_no_process(
    hub: OneRepo, plan: Plan, noise: random.Random
) -> None:
    settings.save(downloads_at_once=1)
    first = control.wait(control.add_plan(plan), timeout_s=30)
    control.clear()
    hub.files.rate = 0.1 * MIB
    busy = control.add_plan(planned(hub, hub.add("busy.gguf", Content(noise.randbytes(MIB)))))
    again = control.add_plan(plan)
    assert again.status is Status.DONE
    assert again.path == first.path
    assert control.get(again.id).status is Status.DONE
    assert control.wait(again, timeout_s=5).status is Status.DONE
    assert [job.spec.meta["download"] for job in store.list_jobs(control.KIND)] == [busy.id]
    control.cancel(busy)


def test_one_left_unfinished_whose_files_are_here_is_done(plan: Plan) -> None:
    download = control.pause(control.add_plan(plan))
    bring(plan)
    records.forget_outcome(records.directory_of(download.id))
    assert control.get(download.id).status is Status.PAUSED
    assert control.resume(download).status is Status.DONE
    records.forget_outcome(records.directory_of(download.id))
    records.want(records.directory_of(download.id), records.Wanted.PAUSED)
    assert control.add_plan(plan).id == download.id
    assert control.get(download.id).status is Status.DONE


def test_one_in_the_queue_whose_files_are_here_is_done(
    hub: OneRepo, plan: Plan, content: Content, noise: random.Random
) -> None:
    settings.save(downloads_at_once=1)
    hub.files.rate = 0.1 * MIB
    busy = control.add_plan(planned(hub, hub.add("busy.gguf", Content(noise.randbytes(MIB)))))
    queued = control.add_plan(plan)
    target = plan.target(plan.files[0])
    occupy(target, content.data)
    known.remember(target, target.stat(), known.content_of(plan.files[0]), fetched=False)
    assert control.add_plan(plan).id == queued.id
    assert control.wait(queued, timeout_s=5).status is Status.DONE
    assert [job.spec.meta["download"] for job in store.list_jobs() if job.alive] == [busy.id]
    control.cancel(busy)


def test_who_waits_for_what_was_cleared_is_told_that_it_is_done(plan: Plan) -> None:
    download = control.add_plan(plan)
    control.wait(download, timeout_s=30)
    control.clear()
    assert control.wait(download, timeout_s=5).status is Status.DONE
    download.path.unlink()
    with pytest.raises(NotFoundError, match="taken off the list"):
        control.wait(download, timeout_s=5)
