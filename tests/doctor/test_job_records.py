"""Jobs as the doctor sees them: running, without their runner, with records that do not parse."""

import os
import subprocess
from pathlib import Path

import pytest

from termai.doctor import job_records
from termai.environment import Finding, Verdict
from termai.jobs import control, store
from termai.jobs.records import SPEC_FILE
from termai.paths import jobs_dir, private_dir
from tests.jobs.conftest import no_leftovers
from tests.jobs.helpers import kill_runner, start, until_ended

__all__ = ["no_leftovers"]


def found() -> dict[str, Finding]:
    """Return the findings by name."""
    return {one.name: one for one in job_records.look()}


def test_what_runs_is_named() -> None:
    assert found()["jobs"].sentence == "0 running."
    job = start(name="qwen")
    assert found()["jobs"].sentence == "1 running: qwen."
    control.stop(job)
    assert {one.verdict for one in found().values()} == {Verdict.OK}


def test_one_without_its_runner_and_one_whose_end_nobody_saw() -> None:
    job = start(name="qwen")
    kill_runner(job)
    seen = found()
    assert "qwen" in seen["unwatched jobs"].sentence
    assert seen["unwatched jobs"].verdict is Verdict.WARNING
    assert job.state.child
    os.kill(job.state.child.pid, 9)
    until_ended(job)
    seen = found()
    assert set(seen) == {"jobs"}
    assert "Of 1 nobody saw the end" in seen["jobs"].sentence


def test_a_broken_record_is_removed_by_its_command() -> None:
    directory = private_dir(jobs_dir() / "it's broken; rm")
    (directory / SPEC_FILE).write_text("{")
    seen = found()["job record"]
    assert seen.verdict is Verdict.WARNING
    assert str(directory) in seen.sentence
    assert seen.command in seen.fix
    subprocess.run(["/bin/sh", "-c", seen.command], check=True)
    assert not directory.exists()
    assert set(found()) == {"jobs"}


def test_a_broken_record_is_kept_while_its_processes_run() -> None:
    job = start(name="qwen")
    spec = job.directory / SPEC_FILE
    whole = spec.read_text()
    spec.write_text("{")
    assert "still run" in found()["job record"].fix
    assert not found()["job record"].command
    kill_runner(job)
    assert not found()["job record"].command, "its child still writes to the log"
    spec.write_text(whole)
    control.stop(job)


def test_jobs_that_cannot_be_listed(tmp_path: Path) -> None:
    assert tmp_path
    private_dir(jobs_dir().parent)
    jobs_dir().write_text("")
    assert "cannot be read" in found()["job record"].sentence


def test_what_is_closed_to_this_user_is_never_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the directory of all jobs nor a record: both may be whole."""
    record = private_dir(jobs_dir() / "20260101-000000-aaaaaaaa")
    (record / SPEC_FILE).write_text("{}")
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, *a: path != record / SPEC_FILE and real(path, *a)
    )
    for directory in (jobs_dir(), record):
        broken = [(directory, f"{directory} cannot be read: Permission denied.")]
        monkeypatch.setattr(store, "broken_jobs", lambda broken=broken: broken)
        one = found()["job record"]
        assert one.verdict is Verdict.WARNING
        assert one.command == ""
        assert "permissions" in one.fix
