"""The runner: small, restarts what crashes, bounds the log, and may be killed at any moment."""

import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from termai.errors import StorageError
from termai.jobs import control, oom, records, runner, signals, store
from termai.jobs.bound import HEAD_BYTES
from termai.jobs.child import End
from termai.jobs.processes import identify, is_alive
from termai.jobs.records import Exit
from termai.jobs.states import JobStatus
from termai.paths import jobs_dir
from tests.jobs.helpers import (
    FOREVER,
    ROOT,
    STUBBORN,
    child_pid,
    kill_runner,
    python,
    start,
    until_ended,
    until_logged,
)
from tests.support import wait_until

FLOOD = (
    "import sys, time\nfor n in range(int(sys.argv[1])): print('line %08d of a flood' % n)\n"
    "print('done', flush=True)\nwhile True: time.sleep(60)"
)


def private_kib(pid: int) -> int:
    """Return the memory of a process that no other shares, in KiB (proc(5), smaps_rollup)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+) kB", rollup, re.MULTILINE)))


@pytest.mark.skipif(sys.platform != "linux", reason="smaps_rollup is Linux's")
def test_the_runner_is_small_even_after_bounding_a_log() -> None:
    job = control.launch("test", "flood", python(FLOOD, "200000"), log_limit_bytes=1 << 20)
    assert job.state.runner
    until_logged(job, "done")
    wait_until(lambda: job.log_path.stat().st_blocks * 512 <= 1 << 20)
    assert private_kib(job.state.runner.pid) <= 12 << 10


def test_a_flood_is_bounded_on_disk_and_keeps_its_start() -> None:
    job = control.launch("test", "flood", python(FLOOD, "200000"), log_limit_bytes=2 << 20)
    until_logged(job, "done")
    wait_until(lambda: job.log_path.stat().st_blocks * 512 <= 2 << 20)
    kept = job.log_path.read_bytes()
    assert job.log_path.stat().st_size > 4 << 20
    assert kept.startswith(b"termai: started pid ")
    assert b"\0" not in kept[:HEAD_BYTES]
    assert kept.endswith(b"line 00199999 of a flood\ndone\n")


def test_a_crash_is_restarted_as_often_as_allowed() -> None:
    job = start("import os; os.abort()", max_restarts=1)
    ended = until_ended(job)
    assert ended.state.status is JobStatus.FAILED
    assert ended.state.restarts == 1
    assert ended.log_path.read_text().count("termai: started pid ") == 2


def test_a_clean_end_is_not_restarted() -> None:
    ended = until_ended(start("", max_restarts=5))
    assert (ended.state.status, ended.state.restarts) == (JobStatus.EXITED, 0)


def test_stopping_while_waiting_for_a_restart_ends_the_job() -> None:
    job = start("import os; os.abort()", max_restarts=50)
    wait_until(lambda: store.refresh(job).state.status is JobStatus.BACKOFF)
    stopped = control.stop(job)
    assert stopped.state.status is JobStatus.EXITED
    assert stopped.state.exit == Exit(None, None, "stopped")


def test_a_killed_runner_takes_nothing_with_it() -> None:
    job = start("import time\nwhile True: print('beat', flush=True); time.sleep(0.02)")
    kill_runner(job)
    size = job.log_path.stat().st_size
    wait_until(lambda: job.log_path.stat().st_size > size, what="the child writing on")
    adopted = store.refresh(job)
    assert adopted.state.status is JobStatus.RUNNING
    assert adopted.state.runner is None
    assert adopted.state.child == job.state.child
    stopped = control.stop(adopted)
    assert stopped.state.status is JobStatus.EXITED
    assert stopped.state.exit == Exit(None, None, "stopped")
    assert not is_alive(job.state.child)


def test_a_child_that_ends_unseen_makes_its_job_lost() -> None:
    job = start()
    kill_runner(job)
    os.killpg(child_pid(job), signal.SIGKILL)
    lost = until_ended(job)
    assert lost.state.status is JobStatus.LOST
    assert lost.state.exit == Exit(None, None, "unknown")
    assert lost.state.ended_at == job.log_path.stat().st_mtime


def test_an_adopted_job_has_a_new_runner_that_bounds_its_log_and_records_its_end() -> None:
    source = "import sys, time\nsys.stdin.read()\nopen(sys.argv[1]).read()\n" + FLOOD.replace(
        "sys.argv[1]", "'200000'"
    )
    gate = Path(os.environ["HOME"]) / "gate"
    os.mkfifo(gate)
    job = control.launch("test", "flood", python(source, str(gate)), log_limit_bytes=1 << 20)
    kill_runner(job)
    adopted = control.adopt(job)
    assert adopted.state.runner not in (None, job.state.runner)
    assert is_alive(adopted.state.runner)
    gate.write_text("go")
    until_logged(job, "done")
    wait_until(lambda: job.log_path.stat().st_blocks * 512 <= 1 << 20)
    os.killpg(child_pid(job), signal.SIGKILL)
    assert until_ended(job).state.status is JobStatus.LOST
    wait_until(lambda: not is_alive(adopted.state.runner))
    assert "ended with an unseen end (unknown)" in job.log_path.read_text("utf-8", "replace")


def test_adopting_what_has_a_runner_or_ended_changes_nothing() -> None:
    job = start()
    assert control.adopt(job) == job
    ended = control.stop(job)
    assert control.adopt(ended) == ended


def test_stopping_without_a_runner_reaches_a_stubborn_grandchild() -> None:
    source = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-S', '-u', '-c', sys.argv[1]]).pid, 'is it')\n"
    )
    job = control.launch("test", "family", python(source + FOREVER, STUBBORN), grace_s=0.5)
    until_logged(job, "deaf")
    grandchild = int(re.findall(r"(\d+) is it", until_logged(job, "is it"))[0])
    kill_runner(job)
    assert control.stop(job).state.status is JobStatus.EXITED
    assert identify(grandchild) is None


def test_a_runner_killed_while_stopping_is_followed_by_one_that_goes_on_stopping() -> None:
    job = start(STUBBORN, grace_s=2)
    until_logged(job, "deaf")
    control.stop(job, wait=False)
    kill_runner(job)
    assert store.refresh(job).state.status is JobStatus.STOPPING
    assert control.stop(job).state.exit == Exit(None, None, "stopped")
    assert not is_alive(job.state.child)


@pytest.mark.slow
def test_a_runner_killed_at_random_moments_leaves_files_that_parse_and_a_true_state() -> None:
    dice = random.Random(2)  # noqa: S311
    flicker = "import time, os; time.sleep(0.02); os.abort()"
    seen = set()
    for round_ in range(40):
        source = flicker if round_ % 2 else FOREVER
        process, directory = _bare_runner(source, round_)
        threading.Event().wait(dice.uniform(0.0, 0.25))
        _kill_session(process.pid)
        process.wait()
        seen.add(_check_truth(directory))
    assert store.broken_jobs() == []
    assert {JobStatus.LOST, JobStatus.RUNNING} <= seen


def _bare_runner(source: str, number: int) -> tuple["subprocess.Popen[bytes]", Path]:
    spec = records.JobSpec(
        id=f"20261121-000000-{number:08x}",
        kind="test",
        name="random",
        argv=tuple(python(source)),
        cwd="/",
        env={"TERMAI_TEST_JOB": str(number)},
        unset_env=(),
        grace_s=1.0,
        log_limit_bytes=1 << 20,
        max_restarts=9,
        created_at=float(number),
        meta={},
    )
    directory = jobs_dir() / spec.id
    records.write_spec(directory.with_name(f".{spec.id}.new"), spec)
    argv = [sys.executable, "-m", "termai.jobs.runner", str(directory)]
    process = subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True, bufsize=0
    )
    return process, directory


def _kill_session(session: int) -> None:
    """SIGKILL the runner, but not the child, which leads a group of its own."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session and os.getpgid(pid) == session:
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda pid=pid: identify(pid) is None)  # type: ignore[misc]


def _check_truth(directory: Path) -> JobStatus | None:
    """Compare what the store says of a job without a runner with the processes that live."""
    children = [p.pid for p in _children_of(directory)]
    if not directory.exists():
        assert children == []
        return None
    job = store.load_job(directory.name)
    children = [p.pid for p in _children_of(directory)]
    if job.alive:
        assert job.state.status is JobStatus.RUNNING
        assert job.state.child
        os.killpg(job.state.child.pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(job.state.child))
        assert store.refresh(job).state.status is JobStatus.LOST
    else:
        assert children == []
    return job.state.status


def _children_of(directory: Path) -> Iterator[psutil.Process]:
    number = str(int(directory.name[-8:], 16))
    for process in psutil.process_iter():
        try:
            if process.environ().get("TERMAI_TEST_JOB") == number:
                yield process
        except psutil.Error:
            continue


def test_a_runner_that_cannot_write_goes_on_and_writes_when_it_can() -> None:
    job = start("import time; time.sleep(0.5); raise SystemExit(7)")
    assert job.state.runner
    pid = job.state.runner.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    wait_until(lambda: not is_alive(job.state.child), what="the child's end")
    assert is_alive(job.state.runner)
    assert store.refresh(job).state == job.state
    free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, free)
    assert until_ended(job).state.exit == Exit(7, None, "exited")


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put the state directory on a file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    monkeypatch.setenv("TERMAI_STATE_DIR", str(disk / "state"))
    try:
        yield disk
    finally:
        for job in store.list_jobs():
            control.stop(job, grace_s=0)
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill_up(disk: Path) -> Path:
    """Leave no free block on a file system and return the file that takes them all."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return filler


def test_a_full_disk_harms_neither_child_nor_files(small_disk: Path) -> None:
    job = start("import time; time.sleep(0.5); raise SystemExit(7)")
    filler = fill_up(small_disk)
    wait_until(lambda: not is_alive(job.state.child))
    assert is_alive(job.state.runner)
    assert store.broken_jobs() == []
    assert store.refresh(job).state == job.state
    filler.unlink()
    assert until_ended(job).state.exit == Exit(7, None, "exited")


def test_a_job_can_be_stopped_on_a_full_disk_without_a_runner(small_disk: Path) -> None:
    job = start(grace_s=0.5)
    fill_up(small_disk)
    kill_runner(job)
    assert not control.stop(job).alive
    assert not is_alive(job.state.child)


def test_a_restart_on_a_full_disk_waits_until_it_can_be_recorded(small_disk: Path) -> None:
    crash = "import pathlib, sys; p = pathlib.Path(sys.argv[1])\n"
    crash += "if not p.exists(): p.touch(); import os; os.abort()\n" + FOREVER
    first = small_disk.parent / "first"
    job = control.launch("test", "crash", python(crash, str(first)), max_restarts=3)
    wait_until(lambda: store.refresh(job).state.status is JobStatus.BACKOFF)
    filler = fill_up(small_disk)
    before = store.refresh(job).state
    wait_until(lambda: not is_alive(before.child) and is_alive(before.runner))
    threading.Event().wait(runner.BACKOFF_S + 0.5)  # long enough for a restart to be tried
    assert store.refresh(job).state.started_at == before.started_at
    filler.unlink()
    wait_until(lambda: store.refresh(job).state.status is JobStatus.RUNNING)
    again = store.refresh(job).state
    assert again.restarts == 1
    assert again.started_at != before.started_at


def test_nothing_is_started_on_a_full_disk(small_disk: Path) -> None:
    jobs_dir().mkdir(parents=True)
    fill_up(small_disk)
    with pytest.raises(StorageError, match="No space left"):
        start()
    assert store.list_jobs() == []
    assert list(jobs_dir().iterdir()) == []


@pytest.mark.skipif(not Path("/proc/vmstat").exists(), reason="Linux counts OOM kills")
def test_the_kernels_count_of_oom_kills_is_found() -> None:
    assert oom.oom_kills() is not None


@pytest.mark.parametrize(
    ("before", "after", "reason"), [(3, 4, "oom-killed"), (3, 3, "killed"), (None, 4, "killed")]
)
def test_only_the_kernels_own_evidence_makes_an_oom_kill(
    monkeypatch: pytest.MonkeyPatch, before: int | None, after: int, reason: str
) -> None:
    job = until_ended(start(""))
    monkeypatch.setattr(runner, "oom_kills", lambda: before)
    watcher = runner.Runner(
        job.directory, job.spec, signals.PipedSignals.__new__(signals.PipedSignals)
    )
    monkeypatch.setattr(runner, "oom_kills", lambda: after)
    assert watcher._exit(End(signal=signal.SIGKILL)) == Exit(None, "SIGKILL", reason)


def test_signals_are_taken_from_a_pipe_where_they_cannot_be_waited_for() -> None:
    source = (
        "import os, signal, sys\nfrom termai.jobs import signals\n"
        "waiting = signals.PipedSignals()\nprint('ready', flush=True)\n"
        "print(waiting.wait(10), waiting.wait(0.01))\nsignals.restore()\n"
        "print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", source], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20)[0] == f"{signal.SIGTERM.value} None\nTrue\n"


def test_the_runner_imports_nothing_from_outside_the_standard_library() -> None:
    source = "import json, sys, termai.jobs.runner; print(json.dumps(sorted(sys.modules)))"
    argv = [sys.executable, "-S", "-c", source]
    loaded = json.loads(subprocess.run(argv, cwd=ROOT, capture_output=True, check=True).stdout)
    names = {name.split(".")[0] for name in loaded} - {"termai", "__main__"}
    assert names <= set(sys.stdlib_module_names)
    assert not {"threading", "subprocess", "ctypes", "asyncio", "logging"} & names
