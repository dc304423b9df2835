"""The proof that engines work: the real ones, and ones that do not."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from termai.doctor import proving
from termai.doctor.proving import CPU, Target
from termai.engines.base import Detection
from termai.engines.choose import Survey
from termai.jobs import control, store
from termai.jobs.records import Job
from termai.profiles.schema import EMBEDDED, NATIVE
from termai.servers.records import KIND
from tests.jobs.conftest import no_leftovers
from tests.jobs.helpers import FOREVER, python

__all__ = ["no_leftovers"]

BOTH = [NATIVE, pytest.param(EMBEDDED, marks=pytest.mark.slow)]


def target(engine: str) -> Target:
    """Return an engine that is here, on the processor."""
    return next(t for t in proving.targets() if (t.detection.engine, t.device) == (engine, CPU))


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize("engine", BOTH)
def test_an_engine_that_works(engine: str) -> None:
    began: list[str] = []
    (proof,) = proving.prove((target(engine),), begins=lambda one: began.append(one.name))
    assert proof.works, proof
    assert began == [f"{engine} on CPU"]
    assert (proof.layers, proof.total) == (0, 5)
    assert proof.tokens_per_second is not None
    assert proof.tokens_per_second > 1
    assert proof.load_s is not None
    assert not store.list_jobs(KIND)


@pytest.mark.usefixtures("no_leftovers")
def test_one_that_answers_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "QUESTIONS", (("What is the capital of France?", "Lyon"),))
    (proof,) = proving.prove((target(NATIVE),))
    assert not proof.works
    assert "answers wrongly" in proof.sentence
    assert "Paris" in proof.sentence
    assert proof.fix


@pytest.mark.usefixtures("no_leftovers")
def test_one_that_ends_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "llama-server"
    broken.write_text(
        "#!/bin/sh\necho 'error while loading shared libraries: libcudart.so.12'\nexit 127\n"
    )
    broken.chmod(0o755)
    real = target(NATIVE)
    fake = Target(replace(real.detection, program=broken), CPU)
    first, second = proving.prove((fake, real))
    assert not first.works
    assert first.program == broken
    assert first.sentence
    assert second.works
    assert not store.list_jobs(KIND)


def test_every_device_of_every_engine_is_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Detection(NATIVE, Path("/x"), "1", devices=("CUDA0", "CUDA1"))
    monkeypatch.setattr(proving, "survey", lambda: Survey((found,), ()))
    assert [t.name for t in proving.targets()] == [
        "llama-server on CPU",
        "llama-server on CUDA0",
        "llama-server on CUDA1",
    ]


def launch(*, name: str, kind: str) -> Job:
    """Start a job that runs until it is stopped."""
    return control.launch(kind, name, python(FOREVER))


@pytest.mark.usefixtures("no_leftovers")
def test_what_a_killed_proof_left_is_swept_and_a_living_one_is_not() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = launch(name=f"prove llama-server CPU {ended.pid}", kind=KIND)
    other = launch(name=f"prove llama-server CPU {os.getppid()}", kind=KIND)
    named = launch(name="prove it", kind=KIND)
    assert not list(proving.prove(()))
    names = {job.name for job in store.list_jobs(KIND)}
    assert names == {other.name, named.name}
    assert left.name not in names
