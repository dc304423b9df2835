"""Children that do what a test wants, written in Python so that they run everywhere."""

import os
import subprocess
import sys
from pathlib import Path

from termai.jobs import control
from termai.jobs.processes import identify
from termai.jobs.records import Job
from termai.jobs.store import refresh
from tests.support import wait_until

ROOT = Path(__file__).parents[2]

FOREVER = "import time\nwhile True: time.sleep(60)"

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    "\nwhile True: time.sleep(60)"
)


def python(source: str, *arguments: str) -> list[str]:
    """Return an argv that runs Python source."""
    return [sys.executable, "-S", "-u", "-c", source, *arguments]


def start(source: str = FOREVER, name: str = "child", **options: object) -> Job:
    """Launch a job that runs Python source."""
    return control.launch("test", name, python(source), **options)  # type: ignore[arg-type]


def until_ended(job: Job) -> Job:
    """Return the job once it ended."""
    wait_until(lambda: not refresh(job).alive, what="the end")
    return refresh(job)


def until_logged(job: Job, text: str) -> str:
    """Return the log once it holds ``text``."""

    def found() -> str:
        content = job.log_path.read_text("utf-8", "replace") if job.log_path.exists() else ""
        return content if text in content else ""

    return wait_until(found, what=f"{text!r} in the log")


def kill_runner(job: Job) -> None:
    """End a job's runner with SIGKILL and wait until it is gone."""
    runner = job.state.runner
    assert runner
    os.kill(runner.pid, 9)
    wait_until(lambda: identify(runner.pid) != runner, what="the runner's end")


def child_pid(job: Job) -> int:
    """Return the pid of a running job's child."""
    assert job.state.child
    return job.state.child.pid


def other_program(source: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a second program that imports termai."""
    argv = [sys.executable, "-c", source, *arguments]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)
