"""Whether the build fits the machine: the real one, and programs that say what theirs is."""

from pathlib import Path

import pytest

from termai.engines import build_checks
from termai.engines.base import Detection
from termai.engines.build_checks import runs_on
from termai.engines.choose import Survey
from termai.environment import Finding, Verdict
from termai.profiles.schema import NATIVE
from tests.fakes import nvml


def found(
    monkeypatch: pytest.MonkeyPatch, directory: Path, says: str, *cards: nvml.Card
) -> dict[str, Finding]:
    """Return the findings where the llama-server says this as it starts."""
    program = directory / "llama-server"
    program.write_text(f"#!/bin/sh\necho 'system_info: n_threads = 2 / 2 | {says} | '\nexit 1\n")
    program.chmod(0o755)
    nvml.install(monkeypatch, *cards)
    seen = Survey((Detection(NATIVE, program, "1"),), ())
    monkeypatch.setattr(build_checks, "survey", lambda: seen)
    return {one.name: one for one in build_checks.built_for_this()}


def test_the_build_of_this_machine_uses_its_cpu() -> None:
    (finding,) = build_checks.built_for_this()
    assert (finding.name, finding.verdict) == ("engine on CPU", Verdict.OK)


def test_one_for_any_cpu_is_slower(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("termai.engines.installed.cpu_features", lambda: "sse3 avx2 fma f16c")
    seen = found(monkeypatch, tmp_path, "CPU : SSE3 = 1 | FMA = 1")
    assert seen["engine on CPU"].verdict is Verdict.WARNING
    assert "does not use AVX2, F16C of this CPU" in seen["engine on CPU"].sentence
    assert seen["engine on CPU"].fix


@pytest.mark.parametrize(
    ("capability", "architectures", "ready"),
    [
        ((8, 9), "890", True),
        ((8, 9), "800", True),
        ((8, 0), "890", False),
        ((9, 0), "750,800,860,890", None),
        ((12, 0), "750,800,890,1200", True),
        ((12, 0), "1210", False),
        ((7, 5), "800,890", False),
        ((6, 1), "500,610", True),
        ((8, 6), "nonsense,", False),
    ],
)
def test_which_code_runs_where(
    capability: tuple[int, int], architectures: str, ready: bool | None
) -> None:
    assert runs_on(capability, architectures.split(",")) is ready


def test_gpus_are_compared_with_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cards = (
        nvml.Card(name="RTX 4090", capability=(8, 9)),
        nvml.Card(name="RTX 4090", capability=(8, 9)),
        nvml.Card(name="GTX 1080", capability=(6, 1)),
        nvml.Card(name="H100", capability=(9, 0)),
        nvml.Card(name="unknown"),
    )
    seen = found(monkeypatch, tmp_path, "CUDA : ARCHS = 860,890 | CPU : SSE3 = 1", *cards)
    fine, old, new = seen["CUDA code"], seen["CUDA code 2"], seen["CUDA code 3"]
    assert fine.verdict is Verdict.OK
    assert "RTX 4090 (compute capability 8.9)" in fine.sentence
    assert old.verdict is Verdict.PROBLEM
    assert "no code for GTX 1080" in old.sentence
    assert "8.6, 8.9 only" in old.cause
    assert new.verdict is Verdict.WARNING
    assert "H100" in new.sentence
    assert len(seen) == 4


def test_a_build_without_cuda_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = found(monkeypatch, tmp_path, "CPU : SSE3 = 1", nvml.Card(capability=(8, 9)))
    assert set(seen) == {"engine on CPU"}


def test_without_a_native_server_there_is_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_checks, "survey", lambda: Survey((), ()))
    assert not list(build_checks.built_for_this())
