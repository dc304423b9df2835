"""The list of engines: the real ones, and what an old one or one without the GPU lacks."""

from pathlib import Path

import pytest

from termai import settings
from termai.engines import installed
from termai.engines.build_facts import BuildFacts
from tests.fakes import nvml


def test_the_one_that_auto_takes_comes_first_and_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    seen = installed.look()
    first, last = seen.here[0], seen.here[-1]
    assert first.auto
    assert not last.auto
    assert first.why == "auto takes it: it is beside termai."
    assert last.detection.engine == "llama-cpp-python"
    assert last.why.startswith(f"auto takes {first.detection.program} before it")
    assert "It answers one request at a time." in last.lacks


def test_a_configured_one_that_is_gone_is_named(tmp_path: Path) -> None:
    settings.save(llama_server=str(tmp_path / "gone"))
    assert any("gone" in absent.problem for absent in installed.look().absent)


def test_what_an_old_build_lacks(old_program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(old_program.parent), prepend=":")
    seen = installed.look()
    old = next(one for one in seen.here if one.detection.program == old_program)
    assert "It was built without RPC and cannot use other machines." in old.lacks
    assert not old.build.known


def test_a_gpu_that_no_engine_can_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card())
    lacks = [sentence for one in installed.look().here for sentence in one.lacks]
    assert any("built without CUDA and cannot use NVIDIA GeForce" in said for said in lacks)


def test_a_gpu_that_a_fitting_build_does_not_see_is_another_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nvml.install(monkeypatch, nvml.Card())
    monkeypatch.setattr(
        "termai.engines.build_facts.of", lambda _: BuildFacts(interfaces=("CUDA",), rpc=True)
    )
    lacks = installed.look().here[0].lacks
    assert any("sees no device of NVIDIA GeForce" in said for said in lacks)


def test_features_of_the_cpu_that_a_build_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("termai.engines.installed.cpu_features", lambda: "x86_64 avx2 fma sse3")
    monkeypatch.setattr(
        "termai.engines.build_facts.of",
        lambda _: BuildFacts(cpu=("SSE3", "FMA"), rpc=True, known=True),
    )
    assert (
        "It does not use AVX2 of this CPU, and is slower for it." in installed.look().here[0].lacks
    )
