"""The queue, the shared rate limit, and one owner for each download."""

import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from termai import settings
from termai.errors import NotFoundError, StorageError, UsageError
from termai.jobs import store
from termai.models.downloads import control, records, slots, space
from termai.models.downloads.limit import Limit
from termai.models.downloads.owner import is_owned, owned
from termai.models.downloads.plan import PlannedFile
from termai.models.downloads.slots import Turn
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download
from termai.paths import models_dir, private_dir
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import planned
from tests.models.downloads.hub import OneRepo
from tests.models.downloads.test_killed import ROOT
from tests.support import wait_until

MIB = 1 << 20


def several(hub: OneRepo, noise: random.Random, count: int, size: int) -> list[Download]:
    """Start downloads of one file each."""
    contents = [Content(noise.randbytes(size)) for _ in range(count)]
    return [
        control.add_plan(planned(hub, hub.add(f"m{number}.gguf", content)))
        for number, content in enumerate(contents)
    ]


def statuses() -> list[Status]:
    return [download.status for download in control.list_downloads()]


def until_in_line(hub: OneRepo, count: int) -> None:
    """Wait until one download is at work and ``count`` others wait for their turn."""
    queue = records.downloads_dir() / "queue"
    wait_until(
        lambda: hub.files.asked and len(list(queue.glob("ticket-*"))) == count, what="the queue"
    )


def test_as_many_run_as_the_settings_allow_in_order_of_adding(
    hub: OneRepo, noise: random.Random
) -> None:
    settings.save(downloads_at_once=1)
    hub.files.rate = 0.05 * MIB  # of the first, so that it lasts until the others are in line
    files = [hub.add(f"m{n}.gguf", Content(noise.randbytes(MIB // 2))) for n in range(3)]
    for number, file in enumerate(files):
        assert control.add_plan(planned(hub, file)).id == str(number + 1)
        until_in_line(hub, number)
    hub.files.rate = 1.0 * MIB
    seen: set[tuple[Status, ...]] = set()

    def all_done() -> bool:
        now = statuses()
        seen.add(tuple(now))
        return set(now) == {Status.DONE}

    wait_until(all_done, what="the end of all")
    working = {Status.RUNNING, Status.VERIFYING}
    assert all(sum(s in working for s in now) <= 1 for now in seen)
    assert [asked.path[-7:-5] for asked in hub.files.asked] == ["m0", "m1", "m2"]


def test_a_killed_download_leaves_its_place_to_the_next(hub: OneRepo, noise: random.Random) -> None:
    settings.save(downloads_at_once=1)
    hub.files.rate = 0.2 * MIB
    files = [hub.add(f"m{n}.gguf", Content(noise.randbytes(MIB))) for n in range(2)]
    first = control.add_plan(planned(hub, files[0]))
    until_in_line(hub, 0)
    second = control.add_plan(planned(hub, files[1]))
    wait_until(lambda: statuses() == [Status.RUNNING, Status.QUEUED], what="one at work")
    control.pause(first)
    wait_until(lambda: control.get("2").status is Status.RUNNING, what="the next at work")
    control.cancel(second)
    assert statuses() == [Status.PAUSED, Status.CANCELLED]


def test_turns_are_taken_in_order_of_adding_whoever_asks_first(
    hub: OneRepo, noise: random.Random
) -> None:
    plan = planned(hub, hub.add("m.gguf", Content(noise.randbytes(10))))
    turns = [
        Turn(replace(plan, id=str(n), added_at=plan.added_at + n), lambda: 1) for n in range(4)
    ]
    order: list[int] = []
    holder, *waiting = turns
    holder.take()
    threads = []
    for number in (3, 1, 2):
        arrived = threading.Event()

        def wait_for_turn(number: int = number, arrived: threading.Event = arrived) -> None:
            turns[number].take(arrived.set)
            order.append(number)
            turns[number].give_back()

        threads.append(threading.Thread(target=wait_for_turn))
        threads[-1].start()
        assert arrived.wait(10)
    assert slots.running() == 1
    holder.give_back()
    for thread in threads:
        thread.join(20)
    assert order == [1, 2, 3]
    assert slots.running() == 0
    assert len(waiting) == 3


def test_two_programs_that_pull_the_same_at_once_share_one_download(
    hub: OneRepo, noise: random.Random
) -> None:
    hub.files.rate = 1.0 * MIB
    file = hub.add("model.gguf", Content(noise.randbytes(MIB)))
    source = (
        "from termai.models.downloads import control;"
        "from termai.models.downloads.plan import PlannedFile;"
        f"print(control.add_plan(control.plan_of('maker/model', {hub.head()!r}, "
        f"[PlannedFile('model.gguf', {MIB}, {file.sha256!r})], endpoint={hub.url!r})).id)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", source], stdout=subprocess.PIPE, text=True, env=environment
        )
        for _ in range(3)
    ]
    assert [program.communicate(timeout=60)[0].strip() for program in programs] == ["1"] * 3
    assert control.wait(control.get("1"), timeout_s=30).status is Status.DONE
    assert hub.starts() == [0]
    assert len(store.list_jobs(control.KIND)) == 1


def test_a_second_process_for_the_same_download_leaves_it_alone(
    hub: OneRepo, noise: random.Random
) -> None:
    plan = planned(hub, hub.add("model.gguf", Content(noise.randbytes(10))))
    directory = private_dir(records.downloads_dir() / plan.id)
    records.write_plan(directory, plan)
    with owned(directory) as mine:
        assert mine
        assert is_owned(directory)
        done = subprocess.run(
            [sys.executable, "-m", "termai.models.downloads.worker", str(directory)],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert "Another process" in done.stdout
    assert not hub.resolved()
    assert not is_owned(directory)


def test_downloads_that_share_a_file_fetch_it_once(hub: OneRepo, noise: random.Random) -> None:
    hub.files.rate = 2.0 * MIB
    projector = hub.add("mmproj-F16.gguf", Content(noise.randbytes(MIB)))
    models = [hub.add(f"m{n}.gguf", Content(noise.randbytes(MIB // 4))) for n in (1, 2)]
    both = [control.add_plan(planned(hub, model, projector)) for model in models]
    assert [d.id for d in both] == ["1", "2"]
    for download in both:
        ended = control.wait(download, timeout_s=60)
        assert (ended.status, ended.problem) == (Status.DONE, "")
    assert hub.starts("mmproj-F16.gguf") == [0]


def test_all_downloads_together_keep_the_limit() -> None:
    rate, size, piece = 4.0 * MIB, 2 * MIB, 1 << 16

    def receive() -> None:
        limit = Limit(lambda: rate)
        for _ in range(size // piece):
            limit.take(piece)

    threads = [threading.Thread(target=receive) for _ in range(2)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    assert 2 * size / rate - 0.3 <= took <= 2 * size / rate + 2.0


def test_the_limit_is_heeded_when_it_changes_on_the_way(hub: OneRepo, noise: random.Random) -> None:
    settings.save(download_limit_mib_s=1)
    content = Content(noise.randbytes(12 * MIB))
    download = control.add_plan(planned(hub, hub.add("model.gguf", content)))
    wait_until(lambda: control.get("1").bytes_done > MIB, what="a MiB")
    slow = wait_until(lambda: control.get("1").rate, what="a rate")
    assert slow < 2.5 * MIB
    settings.save(download_limit_mib_s=0)
    begun = time.monotonic()
    assert control.wait(download, timeout_s=30).status is Status.DONE
    assert time.monotonic() - begun < 8.0


def test_what_others_still_bring_to_the_disk_is_counted(hub: OneRepo, noise: random.Random) -> None:
    settings.save(downloads_at_once=1)
    hub.files.rate = 0.1 * MIB
    several(hub, noise, 1, MIB)
    room = space.free(models_dir().parent.parent.parent)
    large = [PlannedFile(f"l{n}.gguf", int(0.6 * room), "a" * 64) for n in (1, 2)]
    first = control.add_plan(planned(hub, large[0]))
    assert first.status is Status.QUEUED
    with pytest.raises(StorageError, match="and running downloads need"):
        control.add_plan(planned(hub, large[1]))
    control.cancel(first)
    assert control.add_plan(planned(hub, large[1])).status is Status.QUEUED
    for download in control.list_downloads():
        if not download.status.over:
            control.cancel(download)


def test_names_and_numbers_find_a_download(hub: OneRepo, noise: random.Random) -> None:
    hub.files.rate = 0.1 * MIB
    one, two = several(hub, noise, 2, MIB)
    assert control.get("1").plan == one.plan
    assert control.get("m1.gguf").plan == two.plan
    with pytest.raises(UsageError, match=r"Several downloads"):
        control.get("maker/model")
    control.cancel(two)
    assert control.get("maker/model").id == "1"
    with pytest.raises(NotFoundError):
        control.get("7")
    control.cancel(one)
