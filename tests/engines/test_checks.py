"""Findings about engines: those that are here, those that are not, and GPUs that none can use."""

from pathlib import Path

import pytest

from termai import settings
from termai.doctor import mending
from termai.engines import checks, probe
from termai.engines.base import Detection
from termai.engines.choose import Survey
from termai.environment import Finding, Verdict
from termai.errors import TermaiError
from termai.profiles.schema import EMBEDDED, NATIVE
from tests.fakes import nvml


def program(directory: Path, prints: str) -> Path:
    path = directory / "mine"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' '{prints}'\n")
    path.chmod(0o755)
    return path


def surveyed(monkeypatch: pytest.MonkeyPatch, *found: Detection, skipped: str = "") -> None:
    seen = Survey(found, (TermaiError(skipped, fix="Mend it."),) if skipped else ())
    monkeypatch.setattr(checks, "survey", lambda: seen)


def test_the_engines_of_this_machine_are_told_with_the_one_that_auto_takes() -> None:
    found = {finding.name: finding for finding in checks.engines()}
    assert {NATIVE, EMBEDDED} <= set(found)
    assert "auto takes it" in found[NATIVE].sentence
    assert "auto takes it" not in found[EMBEDDED].sentence
    assert found[NATIVE].version
    assert Path(found[NATIVE].path).name == NATIVE


def test_a_configured_llama_server_that_is_something_else_is_named(tmp_path: Path) -> None:
    mine = program(tmp_path, "hello")
    settings.save(llama_server=str(mine))
    left = next(f for f in checks.engines() if f.name == "engine left out")
    assert left.verdict is Verdict.WARNING
    assert str(mine) in left.sentence
    assert_mended(left)


@pytest.mark.parametrize("kind", ["gone", "directory", "hangs"])
def test_a_configured_llama_server_that_cannot_be_used_is_dropped_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    list(checks.engines())  # so that the others' answers are remembered
    mine = tmp_path / "mine"
    if kind == "directory":
        mine.mkdir()
    if kind == "hangs":
        program(tmp_path, "").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
        monkeypatch.setattr(checks, "PATIENCE_S", 0.5)
        monkeypatch.setattr(probe, "TIME_LIMIT_S", 2.0)
    settings.save(llama_server=str(mine))
    left = next(f for f in checks.engines() if str(mine) in f.sentence)
    assert left.verdict is (Verdict.PROBLEM if kind == "hangs" else Verdict.WARNING)
    assert_mended(left)


def assert_mended(left: Finding) -> None:
    """Run the command of a finding as the doctor does, and look again."""
    assert left.command in left.fix
    assert mending.run(left.command) == 0
    assert settings.load().values.llama_server == ""
    assert left.sentence not in {one.sentence for one in checks.engines()}


def test_only_the_embedded_engine_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    surveyed(monkeypatch, Detection(EMBEDDED, Path("/python"), "1"))
    found = {finding.name: finding for finding in checks.engines()}
    assert found[NATIVE].verdict is Verdict.WARNING
    assert found[NATIVE].fix


def test_no_engine_at_all_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    surveyed(monkeypatch, skipped="None was found.")
    found = {finding.name: finding for finding in checks.engines()}
    assert found[NATIVE].verdict is Verdict.PROBLEM
    left = found["engine left out"]
    assert (left.sentence, left.fix) == ("None was found.", "Mend it.")


@pytest.mark.parametrize(("devices", "verdict"), [((), Verdict.PROBLEM), (("CUDA0",), Verdict.OK)])
def test_a_gpu_that_no_engine_can_use_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, devices: tuple[str, ...], verdict: Verdict
) -> None:
    nvml.install(monkeypatch, nvml.Card())
    surveyed(monkeypatch, Detection(NATIVE, Path("/x"), "1", devices=devices))
    (found,) = checks.on_gpus()
    assert found.verdict is verdict
    assert ("RTX 4090" in found.sentence) == (verdict is Verdict.PROBLEM)


def test_a_machine_without_gpus_has_nothing_to_say() -> None:
    assert list(checks.on_gpus()) == []


def test_two_of_a_kind_have_names_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    surveyed(monkeypatch, Detection(NATIVE, Path("/x"), "1"), Detection(NATIVE, Path("/y"), "2"))
    assert [(f.name, f.path) for f in checks.engines()] == [
        ("llama-server", "/x"),
        ("llama-server 2", "/y"),
    ]
