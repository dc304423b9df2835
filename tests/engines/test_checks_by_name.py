"""Findings about the engines that profiles take by name."""

import shutil
from pathlib import Path

import pytest

from termai import settings
from termai.doctor import checking
from termai.engines import installed
from termai.engines.checks_by_name import by_name
from termai.environment import Verdict
from tests.fakes import koboldcpp, vllm


@pytest.fixture(autouse=True)
def _none_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def test_none_is_nothing_to_tell() -> None:
    assert list(by_name()) == []


def test_those_that_are_here_are_told_with_how_a_profile_takes_them(tmp_path: Path) -> None:
    script, program = tmp_path / "koboldcpp.py", tmp_path / "vllm"
    shutil.copy(koboldcpp.__file__, script)
    shutil.copy(vllm.__file__, program)
    settings.save(koboldcpp=str(script), vllm=str(program))
    found = {finding.name: finding for finding in by_name()}
    assert list(found) == ["koboldcpp", "vllm"]
    assert {finding.verdict for finding in found.values()} == {Verdict.OK}
    assert found["koboldcpp"].version == koboldcpp.VERSION
    assert found["vllm"].path == str(program)
    assert 'engine = "vllm"' in found["vllm"].sentence
    listed = [one.detection.engine for one in installed.look().here]
    assert listed[-2:] == ["koboldcpp", "vllm"]


def test_one_that_does_not_work_is_a_warning_with_its_own_remedy(tmp_path: Path) -> None:
    script = tmp_path / "koboldcpp.py"
    script.write_text("raise SystemExit(3)")
    settings.save(koboldcpp=str(script), vllm="/nowhere/vllm")
    broken, gone = by_name()
    assert broken.verdict is gone.verdict is Verdict.WARNING
    assert "release of KoboldCPP" in broken.fix
    assert "/nowhere/vllm" in gone.sentence


def test_doctor_asks_for_them_among_its_engines() -> None:
    assert "other engines" in [check.name for check in checking.checks(("engines",))]
