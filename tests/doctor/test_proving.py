"""The proof that engines work: the real ones, and ones that do not."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from termai import settings
from termai.doctor import proving
from termai.doctor.proving import CPU, Proof, Target
from termai.engines.base import Detection
from termai.engines.choose import Survey
from termai.hardware import gpus
from termai.jobs import control, store
from termai.jobs.records import Job
from termai.profiles.schema import EMBEDDED, KOBOLDCPP, NATIVE, VLLM
from termai.servers.records import KIND
from tests.fakes import koboldcpp, nvml, vllm
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


def test_layers_are_told_only_where_a_gpu_was_asked_for() -> None:
    proof = Proof(
        NATIVE, "1", Path("/x"), CPU, works=True, sentence="", load_s=0.2, layers=0, total=5
    )
    assert proof.measured == "ready after 0.2 s"
    on_gpu = replace(proof, device="CUDA0", layers=5)
    assert on_gpu.measured == "ready after 0.2 s, 5 of 5 layers on a GPU"


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


def beside(directory: Path, name: str, source: str) -> None:
    """Configure a stand-in for an engine that profiles take by name."""
    program = directory / name
    shutil.copy(source, program)
    program.chmod(0o700)
    settings.save(**{name.partition(".")[0]: str(program)})


@pytest.mark.usefixtures("no_leftovers")
@pytest.mark.parametrize(("built", "works"), [("", True), ("nocuda", False)])
def test_koboldcpp_is_proved_on_the_cpu_and_on_the_gpu_that_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: str, *, works: bool
) -> None:
    nvml.install(monkeypatch, nvml.Card())
    beside(tmp_path, "koboldcpp.py", koboldcpp.__file__)
    if built:
        monkeypatch.setenv("FAKE_KOBOLDCPP", built)
    targets = [one for one in proving.targets() if one.detection.engine == KOBOLDCPP]
    assert [one.name for one in targets] == ["koboldcpp on CPU", "koboldcpp on GPU"]
    on_cpu, on_gpu = proving.prove(tuple(targets))
    assert on_cpu.works, on_cpu
    assert on_cpu.layers == 0
    assert on_gpu.works is works, on_gpu
    assert on_gpu.layers == (3 if works else 0)
    assert works or "release of KoboldCPP" in on_gpu.fix
    assert not store.list_jobs(KIND)


def test_vllm_is_listed_as_not_proved_and_never_as_broken(tmp_path: Path) -> None:
    beside(tmp_path, "vllm", vllm.__file__)
    (found,) = (one for one in proving.targets() if one.detection.engine == VLLM)
    (proof,) = proving.prove((found,))
    assert (proof.name, proof.works) == ("vllm", None)
    assert proof.sentence == "Not proved: it takes no GGUF of this kind."
    assert "profile" in proof.fix
    works = replace(proof, works=True)
    assert proving.summed_up([works, replace(proof, works=False)]) == "1 of 2 work."
    assert proving.summed_up([works, proof]) == "1 of 1 work; 1 not proved."


def test_without_a_gpu_koboldcpp_is_proved_on_the_cpu_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "read_all", lambda: ())
    beside(tmp_path, "koboldcpp.py", koboldcpp.__file__)
    found = [one.name for one in proving.targets() if one.detection.engine == KOBOLDCPP]
    assert found == ["koboldcpp on CPU"]
