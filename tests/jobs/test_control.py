"""Jobs are launched, outlive whoever launched them, and end when they are told to."""

import errno
import json
import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from termai.errors import NotFoundError, StorageError, UsageError
from termai.jobs import control, store
from termai.jobs.processes import identify, is_alive
from termai.jobs.records import Exit
from termai.jobs.states import JobStatus
from termai.paths import jobs_dir
from tests.jobs.helpers import (
    FOREVER,
    STUBBORN,
    child_pid,
    kill_runner,
    other_program,
    python,
    start,
    until_ended,
    until_logged,
)
from tests.support import wait_until

GRANDCHILD = (
    "import subprocess, sys, time\n"
    "grandchild = subprocess.Popen([sys.executable, '-S', '-u', '-c', sys.argv[1]])\n"
    "print('grandchild', grandchild.pid, flush=True)\n"
)


def test_a_launched_job_runs_detached() -> None:
    job = start()
    assert job.state.status is JobStatus.RUNNING
    assert job.state.runner
    assert is_alive(job.state.child)
    runner, child = psutil.Process(job.state.runner.pid), psutil.Process(child_pid(job))
    assert runner.ppid() != os.getpid()
    assert os.getsid(runner.pid) != os.getsid(0)
    assert os.getpgid(child.pid) == child.pid
    assert child.ppid() == runner.pid
    assert runner.num_threads() == 1
    assert Path(f"/proc/{runner.pid}/fd/0").readlink() == Path("/dev/null")
    assert control.stop(job).state.exit == Exit(None, "SIGTERM", "stopped")


def test_a_child_gets_a_clean_start(tmp_path: Path) -> None:
    os.environ["TERMAI_TEST_GONE"] = "1"
    source = (
        "import os, signal, json\n"
        "defaults = all(signal.getsignal(s) in (signal.SIG_DFL, None) for s in"
        " (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD))\n"
        "status = open('/proc/self/status').read()\n"
        "fields = dict(line.split(':\\t', 1) for line in status.splitlines() if ':\\t' in line)\n"
        "print(json.dumps([defaults, fields['SigBlk'], os.getcwd(), os.environ.get('A'),"
        " os.environ.get('TERMAI_TEST_GONE'), sorted(os.listdir('/proc/self/fd')),"
        " os.readlink('/proc/self/fd/0')]))"
    )
    try:
        job = until_ended(
            start(source, cwd=tmp_path, env={"A": "b"}, unset_env=["TERMAI_TEST_GONE"])
        )
    finally:
        del os.environ["TERMAI_TEST_GONE"]
    seen = json.loads(job.log_path.read_text().splitlines()[1])
    assert seen == [True, "0" * 16, str(tmp_path), "b", None, ["0", "1", "2", "3"], "/dev/null"]


def test_both_outputs_and_the_runners_own_lines_are_in_the_log() -> None:
    job = until_ended(start("import sys; print('out'); print('err', file=sys.stderr)"))
    lines = job.log_path.read_text().splitlines()
    assert lines[0].startswith("termai: started pid ")
    assert sorted(lines[1:3]) == ["err", "out"]
    assert lines[3].startswith("termai: ended with code 0 (exited) at 20")
    assert job.log_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("source", "status", "left"),
    [
        ("", JobStatus.EXITED, Exit(0, None, "exited")),
        ("raise SystemExit(3)", JobStatus.FAILED, Exit(3, None, "exited")),
        ("import os; os.abort()", JobStatus.FAILED, Exit(None, "SIGABRT", "crashed")),
        ("import os; os.kill(os.getpid(), 9)", JobStatus.FAILED, Exit(None, "SIGKILL", "killed")),
    ],
)
def test_how_a_child_ended_is_recorded(source: str, status: JobStatus, left: Exit) -> None:
    job = until_ended(start(source))
    assert (job.state.status, job.state.exit) == (status, left)
    assert job.state.started_at
    assert job.state.ended_at
    assert job.state.started_at <= job.state.ended_at <= time.time()
    assert not job.alive


@pytest.mark.parametrize("argv", [["/etc/hostname"], ["/no/such/program"], ["no-such-program"]])
def test_what_cannot_be_executed_fails_at_once(argv: list[str]) -> None:
    job = control.launch("test", "bad", argv)
    assert job.state.status is JobStatus.FAILED
    assert job.state.exit == Exit(None, None, "not executable")
    assert argv[0] in job.log_path.read_text()


def test_a_directory_that_is_gone_is_named(tmp_path: Path) -> None:
    job = control.launch("test", "bad", python(FOREVER), cwd=tmp_path / "gone")
    assert job.state.exit == Exit(None, None, "not executable")
    assert str(tmp_path / "gone") in job.log_path.read_text()


def test_a_deaf_child_is_killed_after_the_grace() -> None:
    job = start(STUBBORN, grace_s=0.3)
    until_logged(job, "deaf")
    began = time.monotonic()
    stopped = control.stop(job)
    assert 0.3 <= time.monotonic() - began < 5
    assert stopped.state.status is JobStatus.EXITED
    assert stopped.state.exit == Exit(None, "SIGKILL", "stopped")


def test_a_second_request_kills_at_once() -> None:
    job = start(STUBBORN, grace_s=60)
    until_logged(job, "deaf")
    assert control.stop(job, grace_s=0.2).state.exit == Exit(None, "SIGKILL", "stopped")


def test_a_suspended_runner_is_woken_to_stop_its_job() -> None:
    job = start()
    assert job.state.runner
    os.kill(job.state.runner.pid, signal.SIGSTOP)
    began = time.monotonic()
    assert control.stop(job).state.status is JobStatus.EXITED
    assert time.monotonic() - began < 5


def test_asking_without_waiting_returns_while_it_stops() -> None:
    job = start(STUBBORN, grace_s=0.5)
    until_logged(job, "deaf")
    assert control.stop(job, wait=False).state.status is JobStatus.STOPPING
    assert until_ended(job).state.exit == Exit(None, "SIGKILL", "stopped")


def test_two_programs_that_stop_at_once_are_one_request() -> None:
    patient = (
        "import signal, sys, time\nsignal.signal(15, lambda *_: (time.sleep(0.5), sys.exit()))"
    )
    job = start(f"{patient}\nprint('ready')\n{FOREVER}", grace_s=30)
    until_logged(job, "ready")
    threads = [threading.Thread(target=control.stop, args=(job,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.refresh(job).state.exit == Exit(0, None, "stopped")


def test_stopping_what_has_ended_changes_nothing() -> None:
    job = until_ended(start(""))
    assert control.stop(job) == job


def test_a_stubborn_grandchild_goes_too() -> None:
    job = control.launch("test", "family", python(GRANDCHILD + FOREVER, STUBBORN), grace_s=0.5)
    until_logged(job, "deaf")
    grandchild = int(until_logged(job, "grandchild").split("grandchild ")[1].split()[0])
    assert control.stop(job).state.status is JobStatus.EXITED
    assert identify(grandchild) is None


def test_what_a_crashed_child_leaves_behind_goes_too() -> None:
    crash = GRANDCHILD + "sys.stdin.read(); import os; time.sleep(0.3); os.abort()"
    job = control.launch("test", "family", python(crash, STUBBORN), grace_s=0.5)
    grandchild = int(until_logged(job, "grandchild").split("grandchild ")[1].split()[0])
    assert until_ended(job).state.exit == Exit(None, "SIGABRT", "crashed")
    assert identify(grandchild) is None


def test_a_job_outlives_the_program_that_launched_it() -> None:
    source = (
        "import sys, time\nfrom tests.jobs.helpers import start\n"
        "print(start().id, flush=True)\ntime.sleep(60)"
    )
    program = other_program(source)
    try:
        assert program.stdout
        job = store.load_job(program.stdout.readline().strip())
    finally:
        program.send_signal(signal.SIGKILL)
        program.communicate()
    assert store.refresh(job).state == job.state
    assert is_alive(job.state.runner)
    assert [found.id for found in store.list_jobs("test")] == [job.id]
    assert control.stop(job).state.status is JobStatus.EXITED


def test_a_launching_program_killed_at_any_moment_leaves_whole_jobs() -> None:
    source = (
        "import sys\nfrom tests.jobs.helpers import start\n"
        "print('go', flush=True)\nfor n in range(1000): start(name=str(n))"
    )
    for delay in (0.0, 0.01, 0.03, 0.06, 0.1, 0.15):
        program = other_program(source)
        assert program.stdout
        program.stdout.readline()
        threading.Event().wait(delay)
        program.send_signal(signal.SIGKILL)
        program.communicate()
    assert store.broken_jobs() == []
    jobs = store.list_jobs()
    wait_until(lambda: all(store.refresh(job).state.status != "starting" for job in jobs))
    for job in map(store.refresh, jobs):
        assert job.state.status is JobStatus.RUNNING
        assert control.stop(job, grace_s=5).state.status is JobStatus.EXITED


def test_another_program_sees_the_same_and_can_stop_it() -> None:
    job = start()
    source = (
        "from termai.jobs import control, store\n[job] = store.list_jobs('test')\n"
        "print(job.state.status, control.stop(job).state.status)"
    )
    assert other_program(source).communicate()[0] == "running exited\n"
    assert store.refresh(job).state.exit == Exit(None, "SIGTERM", "stopped")


def test_launches_under_one_lock_do_not_overlap(tmp_path: Path) -> None:
    source = (
        "import sys\nfrom tests.jobs.helpers import start\nfrom termai import locks\n"
        "from termai.jobs import store\n"
        "with locks.lock('start a/b'):\n"
        "    if not [job for job in store.list_jobs('test') if job.alive]: start()"
    )
    programs = [other_program(source) for _ in range(4)]
    assert [program.communicate() and program.returncode for program in programs] == [0] * 4
    assert len(store.list_jobs("test")) == 1


def test_an_ended_job_is_removed_and_a_living_one_is_not() -> None:
    job = start()
    with pytest.raises(UsageError, match="still running"):
        store.remove(job)
    store.remove(control.stop(job))
    with pytest.raises(NotFoundError):
        store.load_job(job.id)
    assert list(jobs_dir().iterdir()) == []


def test_pruning_keeps_the_newest_of_each_name_and_all_that_live() -> None:
    old, new, other = (until_ended(start("", name=name)) for name in ("a", "a", "b"))
    living = start(name="a")
    store.prune(keep=1)
    assert {job.id for job in store.list_jobs()} == {new.id, other.id, living.id}
    assert not old.directory.exists()


def test_pruning_sweeps_what_killed_programs_left_over() -> None:
    leftover = jobs_dir() / ".20200101-000000-00000000.new"
    fresh = jobs_dir() / ".20200101-000000-00000001.new"
    for directory in (leftover, fresh):
        directory.mkdir(parents=True)
    os.utime(leftover, (0, 0))
    store.prune(keep=5)
    assert list(jobs_dir().iterdir()) == [fresh]


def test_what_cannot_be_removed_does_not_stop_pruning(monkeypatch: pytest.MonkeyPatch) -> None:
    old, stuck, new = (until_ended(start("", name="a")) for _ in range(3))
    discard = store.discard

    def refuse_one(directory: Path) -> None:
        if directory == stuck.directory:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        discard(directory)

    monkeypatch.setattr(store, "discard", refuse_one)
    store.prune(keep=1)
    assert {job.id for job in store.list_jobs()} == {stuck.id, new.id}
    assert not old.directory.exists()


def test_a_broken_file_is_reported_and_hides_no_other_job() -> None:
    good, bad = until_ended(start("")), until_ended(start(""))
    (bad.directory / "state.json").write_text('{"schema": 1, "status": "dancing"}')
    assert [job.id for job in store.list_jobs()] == [good.id]
    [(directory, sentence)] = store.broken_jobs()
    assert directory == bad.directory
    assert "status: expected one of starting, running" in sentence
    assert "dancing" in (bad.directory / "state.json").read_text()


def test_a_file_of_endless_digits_hides_no_other_job() -> None:
    good, bad = until_ended(start("")), until_ended(start(""))
    (bad.directory / "state.json").write_text(f'{{"schema": {"1" * 5000}}}')
    assert [job.id for job in store.list_jobs()] == [good.id]
    assert [directory for directory, _ in store.broken_jobs()] == [bad.directory]


def test_jobs_that_cannot_be_listed_are_reported() -> None:
    jobs_dir().parent.mkdir(parents=True)
    jobs_dir().write_text("in the way")
    assert store.list_jobs() == []
    [(directory, sentence)] = store.broken_jobs()
    assert directory == jobs_dir()
    assert "cannot be read: Not a directory" in sentence


def test_a_job_cannot_be_named_outside_the_jobs_directory() -> None:
    for name in ("../jobs", "", ".", "/etc"):
        with pytest.raises(NotFoundError):
            store.load_job(name)


def test_jobs_come_newest_first_and_by_kind() -> None:
    first, second = until_ended(start("")), until_ended(start(""))
    assert [job.id for job in store.list_jobs()] == [second.id, first.id]
    assert store.list_jobs("server") == []


def test_a_job_that_cannot_be_recorded_is_not_started() -> None:
    jobs_dir().parent.mkdir(parents=True)
    jobs_dir().write_text("in the way")
    with pytest.raises(StorageError):
        start()


def test_a_child_of_a_recycled_pid_is_not_adopted() -> None:
    job = start()
    kill_runner(job)
    state = json.loads((job.directory / "state.json").read_text())
    state["child"]["started"] = "1@another-boot"
    (job.directory / "state.json").write_text(json.dumps(state))
    lost = store.refresh(job)
    assert lost.state.status is JobStatus.LOST
    assert control.stop(lost).state.status is JobStatus.LOST
    assert is_alive(job.state.child)
    os.killpg(child_pid(job), signal.SIGKILL)
