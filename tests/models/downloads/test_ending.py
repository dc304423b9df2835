"""Cancelling, clearing, what is listed afterwards, and files that others go on with."""

import random

import pytest

from termai.errors import NotFoundError, UsageError
from termai.jobs import store
from termai.models.downloads import adding, control, records
from termai.models.downloads.states import Status
from termai.models.downloads.view import look
from termai.paths import models_dir
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import planned
from tests.models.downloads.hub import OneRepo
from tests.support import wait_until

MIB = 1 << 20


def test_a_cancelled_download_leaves_nothing(hub: OneRepo, noise: random.Random) -> None:
    hub.files.rate = 1.0 * MIB
    names = ("deep/m-00001-of-00002.gguf", "deep/m-00002-of-00002.gguf")
    files = [hub.add(name, Content(noise.randbytes(MIB))) for name in names]
    download = control.add_plan(planned(hub, *files))
    wait_until(lambda: look(download.plan).bytes_done > MIB, what="the first file")
    cancelled = control.cancel(download)
    assert cancelled.status is Status.CANCELLED
    assert cancelled.bytes_done == 0
    assert list(models_dir().iterdir()) == []
    assert not any(job.alive for job in store.list_jobs())
    with pytest.raises(UsageError, match="cancelled and cannot be resumed"):
        control.resume(download)


@pytest.mark.parametrize("state", ["paused", "failed"])
def test_what_does_not_run_is_cancelled_too(hub: OneRepo, noise: random.Random, state: str) -> None:
    hub.files.rate = 1.0 * MIB
    download = control.add_plan(planned(hub, hub.add("m.gguf", Content(noise.randbytes(MIB)))))
    wait_until(lambda: look(download.plan).bytes_done, what="bytes")
    if state == "paused":
        control.pause(download)
    else:
        hub.repo.gated = "auto"
        hub.files.faults.add(Fault(Kind.RESET))
        control.pause(download)
        control.resume(download)
        ended = control.wait(download, timeout_s=30)
        assert (ended.status, ended.exit_code) == (Status.FAILED, 8)
        assert "gated" in ended.problem
        assert ended.bytes_done
    assert control.cancel(download).status is Status.CANCELLED
    assert list(models_dir().iterdir()) == []


def test_a_failed_download_goes_on_when_the_cause_is_gone(
    hub: OneRepo, noise: random.Random
) -> None:
    content = Content(noise.randbytes(MIB))
    hub.repo.gated = "auto"
    download = control.add_plan(planned(hub, hub.add("m.gguf", content)))
    ended = control.wait(download, timeout_s=30)
    assert ended.status is Status.FAILED
    hub.repo.gated = False
    assert control.add_plan(ended.plan).id == download.id
    assert control.wait(download, timeout_s=30).status is Status.DONE


def test_what_another_download_goes_on_with_stays(hub: OneRepo, noise: random.Random) -> None:
    hub.files.rate = 1.0 * MIB
    shared = hub.add("mmproj.gguf", Content(noise.randbytes(MIB // 2)))
    models = [hub.add(f"m{n}.gguf", Content(noise.randbytes(MIB))) for n in (1, 2)]
    one, two = (control.add_plan(planned(hub, shared, model)) for model in models)
    wait_until(lambda: look(one.plan).files[0].done == MIB // 2, what="the shared file")
    control.cancel(one)
    ended = control.wait(two, timeout_s=60)
    assert ended.status is Status.DONE
    assert hub.starts("mmproj.gguf") == [0]
    kept = sorted(path.name for path in models_dir().rglob("*") if path.is_file())
    assert kept == ["m2.gguf", "mmproj.gguf"]


def test_what_is_over_is_cleared_and_what_is_not_stays(hub: OneRepo, noise: random.Random) -> None:
    small = control.add_plan(planned(hub, hub.add("s.gguf", Content(noise.randbytes(10)))))
    assert control.wait(small, timeout_s=30).status is Status.DONE
    hub.files.rate = 0.1 * MIB
    large = control.add_plan(planned(hub, hub.add("l.gguf", Content(noise.randbytes(MIB)))))
    assert [d.id for d in control.clear()] == ["1"]
    assert [d.id for d in control.list_downloads()] == ["2"]
    assert [job.spec.meta["download"] for job in store.list_jobs()] == ["2"]
    assert small.path.read_bytes()
    with pytest.raises(UsageError, match="Cancel it first"):
        control.forget(large)
    control.cancel(large)
    control.forget(large)
    assert control.list_downloads() == ()
    assert records.ids() == []


def test_the_list_is_bounded(
    hub: OneRepo, noise: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "KEPT", 2)
    for number in range(4):
        file = hub.add(f"m{number}.gguf", Content(noise.randbytes(10)))
        download = control.add_plan(planned(hub, file))
        control.wait(download, timeout_s=30)
    assert [d.id for d in control.list_downloads()] == ["2", "3", "4"]
    assert len(store.list_jobs()) <= 2, "processes of the past make other commands slow"


def test_pulling_again_what_is_there_fetches_nothing(hub: OneRepo, noise: random.Random) -> None:
    file = hub.add("m.gguf", Content(noise.randbytes(1000)))
    first = control.wait(control.add_plan(planned(hub, file)), timeout_s=30)
    assert control.add_plan(planned(hub, file)).status is Status.DONE
    control.clear()
    again = control.wait(control.add_plan(planned(hub, file)), timeout_s=30)
    assert again.status is Status.DONE
    again.path.unlink()
    assert control.wait(control.add_plan(planned(hub, file)), timeout_s=30).id == again.id
    assert first.path.is_file()
    assert hub.starts() == [0, 0]


def test_a_newer_commit_takes_the_place_of_what_does_not_run(
    hub: OneRepo, noise: random.Random
) -> None:
    hub.files.rate = 1.0 * MIB
    old = control.add_plan(planned(hub, hub.add("m.gguf", Content(noise.randbytes(MIB)))))
    content = Content(noise.randbytes(MIB))
    file = hub.add("m.gguf", content, branch="newer")
    assert control.add_plan(planned(hub, file, branch="newer")).id == old.id, "joined while at work"
    wait_until(lambda: look(old.plan).bytes_done, what="bytes")
    control.pause(old)
    hub.files.rate = 0
    new = control.add_plan(planned(hub, file, branch="newer"))
    assert new.id != old.id
    assert control.wait(new, timeout_s=30).status is Status.DONE
    assert look(old.plan).status is Status.CANCELLED
    assert [p.name for p in models_dir().rglob("*") if p.is_file()] == ["m.gguf"]
    assert new.path.read_bytes() == content.data


def test_broken_records_are_left_out_and_left_alone(hub: OneRepo, noise: random.Random) -> None:
    file = hub.add("m.gguf", Content(noise.randbytes(10)))
    good = control.wait(control.add_plan(planned(hub, file)), timeout_s=30)
    for number, text in enumerate(["", "{", "[]", '{"id": "9"}', "null"], start=2):
        directory = records.downloads_dir() / str(number)
        directory.mkdir()
        (directory / "plan.json").write_text(text)
    assert [d.id for d in control.list_downloads()] == [good.id]
    with pytest.raises(NotFoundError):
        control.get("0")
    with pytest.raises(NotFoundError):
        control.get("../jobs")
