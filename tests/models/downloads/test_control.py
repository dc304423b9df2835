"""Downloads as whole processes: added, paused, resumed, cancelled, joined."""

import random
from pathlib import Path

import pytest

from termai.errors import NotFoundError
from termai.models.downloads import control, records
from termai.models.downloads.plan import PlannedFile
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download
from termai.paths import models_dir
from tests.fakes.hub.files import Content
from tests.models.downloads.hub import REPO, OneRepo
from tests.support import wait_until

MIB = 1 << 20


def begin(hub: OneRepo, *files: PlannedFile, variant: str = "Q8_0") -> Download:
    return control.add_plan(
        control.plan_of(REPO, hub.head(), files, endpoint=hub.url, variant=variant)
    )


def left_over() -> list[str]:
    return sorted(path.name for path in models_dir().rglob("*") if path.is_file())


def test_a_file_arrives_in_its_place(hub: OneRepo, noise: random.Random) -> None:
    content = Content(noise.randbytes(3 * MIB + 17))
    download = begin(hub, hub.add("model-Q8_0.gguf", content))
    assert download.id == "1"
    ended = control.wait(download, timeout_s=30)
    assert (ended.status, ended.problem) == (Status.DONE, "")
    assert ended.bytes_done == ended.bytes_total == content.size
    assert ended.path == models_dir() / "maker" / "model" / "model-Q8_0.gguf"
    assert ended.path.read_bytes() == content.data
    assert left_over() == ["model-Q8_0.gguf"]
    assert hub.starts() == [0]


def test_a_paused_download_goes_on_at_the_byte(hub: OneRepo, noise: random.Random) -> None:
    content = Content(noise.randbytes(4 * MIB))
    hub.files.rate = 2.0 * MIB
    download = begin(hub, hub.add("model.gguf", content))
    wait_until(lambda: control.get("1").bytes_done > MIB, what="the first MiB")
    paused = control.pause(download)
    assert paused.status is Status.PAUSED
    there = paused.bytes_done
    assert there == _partial(download).stat().st_size >= MIB
    hub.files.rate = 0
    assert control.resume(paused).status is Status.QUEUED
    assert control.wait(download, timeout_s=30).status is Status.DONE
    assert hub.starts() == [0, there]
    assert download.path.read_bytes() == content.data


def _partial(download: Download) -> Path:
    return download.plan.partial(download.plan.files[0])


def test_no_id_is_given_twice(hub: OneRepo, noise: random.Random) -> None:
    files = [hub.add(f"m{number}.gguf", Content(noise.randbytes(100))) for number in range(2)]
    first = begin(hub, files[0])
    control.wait(first, timeout_s=30)
    control.clear()
    second = begin(hub, files[1])
    assert (first.id, second.id) == ("1", "2")
    assert control.wait(second, timeout_s=30).status is Status.DONE


def test_what_was_taken_off_the_list_acts_on_no_other(hub: OneRepo, noise: random.Random) -> None:
    hub.files.rate = 0.2 * MIB
    old = begin(hub, hub.add("old.gguf", Content(noise.randbytes(MIB))))
    control.cancel(old)
    control.clear()
    (records.downloads_dir() / "last").unlink()
    new = begin(hub, hub.add("new.gguf", Content(noise.randbytes(MIB))))
    assert new.id == old.id
    for act in (control.pause, control.resume, control.cancel, control.forget, control.wait):
        with pytest.raises(NotFoundError, match=r"maker/model:Q8_0 was taken off the list"):
            act(old)
    assert control.get(new.id).status.active
    control.cancel(new)
