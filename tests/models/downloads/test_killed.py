"""SIGKILL at any moment: what is there is gone on with, and the hash is right in the end."""

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from termai.jobs import store
from termai.models.downloads import control, records
from termai.models.downloads.plan import Plan
from termai.models.downloads.states import Status
from termai.models.downloads.view import look
from termai.paths import models_dir, private_dir
from tests.fakes.hub.files import Content
from tests.jobs.helpers import child_pid, kill_runner
from tests.models.downloads.bringing import planned
from tests.models.downloads.hub import OneRepo
from tests.support import wait_until

KILLS = 100
WORKER = (sys.executable, "-P", "-m", "termai.models.downloads.worker")
ROOT = Path(__file__).parents[3]


def recorded(plan: Plan) -> Path:
    """Write the plan of a download that is not started and return its directory."""
    directory = private_dir(records.downloads_dir() / plan.id)
    records.write_plan(directory, plan)
    return directory


def until_there(plan: Plan, least: int) -> None:
    """Wait until more than so many bytes are there."""
    wait_until(lambda: look(plan).bytes_done > least, what=f"{least} bytes")


def run_for(directory: Path, seconds: float) -> int | None:
    """Run the worker and kill it after a while; None when it ended by itself before."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen([*WORKER, str(directory)], env=environment, stdout=subprocess.DEVNULL)
    try:
        code = worker.wait(seconds)
        assert code == 0
        return None
    except subprocess.TimeoutExpired:
        worker.kill()
        return worker.wait()


@pytest.mark.slow
def test_a_worker_killed_a_hundred_times_brings_the_right_files(
    hub: OneRepo, noise: random.Random
) -> None:
    """Killed at random moments from before its first byte until behind its last."""
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        parts = [Content(noise.randbytes(600_000 + rounds)) for _ in range(2)]
        names = [f"r{rounds}-{n:05}-of-00002.gguf" for n in (1, 2)]
        plan = planned(hub, *map(hub.add, names, parts), number=str(rounds))
        directory = recorded(plan)
        hub.files.rate = 500_000.0
        hub.files.sent = 0
        seen = 0
        while run_for(directory, noise.uniform(0.05, 0.6)) is not None:
            kills += 1
            now = look(plan)
            assert now.status in (Status.INTERRUPTED, Status.DONE, Status.QUEUED)
            assert now.bytes_done >= seen, "what was received was lost"
            seen = now.bytes_done
            models = [p for p in models_dir().rglob(f"r{rounds}-*.gguf") if p.is_file()]
            assert len(models) in (0, 1, 2)
            if kills > KILLS + 40:
                hub.files.rate = 0
        assert look(plan).status is Status.DONE
        for file, content in zip(plan.files, parts, strict=True):
            assert plan.target(file).read_bytes() == content.data
    assert not list(models_dir().rglob(".*"))
    print(f"{kills} kills in {rounds} downloads")


@pytest.mark.slow
def test_a_killed_worker_is_started_again_by_its_runner(hub: OneRepo, noise: random.Random) -> None:
    content = Content(noise.randbytes(3_000_000))
    hub.files.rate = 1_000_000.0
    plan = planned(hub, hub.add("model.gguf", content))
    download = control.add_plan(plan)
    for bytes_there in (200_000, 900_000):
        until_there(download.plan, bytes_there)
        (job,) = store.list_jobs(control.KIND)
        os.kill(child_pid(job), signal.SIGKILL)
    ended = control.wait(download, timeout_s=60)
    assert ended.status is Status.DONE
    assert ended.path.read_bytes() == content.data
    starts = hub.starts()
    assert len(starts) == 3
    assert starts == sorted(set(starts))


@pytest.mark.slow
def test_runner_and_worker_killed_show_as_interrupted_and_are_revived(
    hub: OneRepo, noise: random.Random
) -> None:
    content = Content(noise.randbytes(2_000_000))
    hub.files.rate = 1_000_000.0
    download = control.add_plan(planned(hub, hub.add("model.gguf", content)))
    for turn in range(4):
        until_there(download.plan, 100_000 * (1 + turn))
        (job, *_) = store.list_jobs(control.KIND)
        kill_runner(job)
        os.kill(child_pid(job), signal.SIGKILL)
        wait_until(lambda: look(download.plan).status is Status.INTERRUPTED, what="interrupted")
        assert "restart of the machine" in look(download.plan).problem
        assert [d.id for d in control.revive()] == [download.id]
    assert control.revive() == ()
    ended = control.wait(download, timeout_s=60)
    assert ended.status is Status.DONE
    assert ended.path.read_bytes() == content.data


def test_a_worker_whose_runner_is_gone_goes_on(hub: OneRepo, noise: random.Random) -> None:
    content = Content(noise.randbytes(1_000_000))
    hub.files.rate = 1_000_000.0
    download = control.add_plan(planned(hub, hub.add("model.gguf", content)))
    until_there(download.plan, 0)
    kill_runner(store.list_jobs(control.KIND)[0])
    assert look(download.plan).status is Status.RUNNING
    ended = control.wait(download, timeout_s=30)
    assert ended.status is Status.DONE
    assert hub.starts() == [0]


def test_killed_programs_leave_a_record_that_parses(hub: OneRepo, noise: random.Random) -> None:
    """A program that adds a download is killed at random moments of doing so."""
    file = hub.add("model.gguf", Content(noise.randbytes(1000)))
    source = (
        "import sys; from termai.models.downloads import control;"
        "from termai.models.downloads.plan import PlannedFile;"
        f"control.add_plan(control.plan_of('maker/model', {hub.head()!r}, "
        f"[PlannedFile('model.gguf', 1000, {file.sha256!r})], endpoint={hub.url!r}))"
    )
    for _ in range(8):
        program = subprocess.Popen(
            [sys.executable, "-c", source], env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        with suppress(subprocess.TimeoutExpired):
            program.wait(noise.uniform(0.0, 0.4))
        program.kill()
        program.wait()
        assert all(plan.repo == "maker/model" for plan in records.plans())
        assert len(records.plans()) == len(records.ids()) <= 1
