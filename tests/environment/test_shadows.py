"""Programs that are on PATH more than once."""

import threading
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, programs, shadows
from termai.environment.shells import short
from tests.environment.on_path import program


@pytest.fixture
def two(path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    second = tmp_path / "second"
    second.mkdir()
    monkeypatch.setenv("PATH", f"{path_dir}:{second}")
    monkeypatch.setenv("SHELL", "/bin/bash")
    return path_dir, second


def look() -> dict[str, Finding]:
    return {finding.name: finding for finding in shadows.check()}


def test_one_of_each_is_fine(two: tuple[Path, Path]) -> None:
    program(two[0], "git", "git version 2.39.5")
    assert set(look()) == {"Shadowed programs"}


def test_an_older_one_first_is_a_warning(two: tuple[Path, Path]) -> None:
    program(two[0], "cmake", "cmake version 3.9.1")
    program(two[1], "cmake", "cmake version 3.25.1")
    found = look()["cmake shadowed"]
    assert found.verdict is Verdict.WARNING
    first, second = (short(directory / "cmake") for directory in two)
    assert f"{first} (3.9.1) starts and hides {second} (3.25.1)" in found.sentence
    assert f'export PATH="{two[1]}:$PATH"' in found.fix


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("cmake", "3.25.1", "3.9.1"), ("cmake", "3.9.1", "3.9.1"), ("python3", "3.11.1", "3.12.1")],
)
def test_a_newer_or_an_intended_one_first_is_told_and_fine(
    two: tuple[Path, Path], name: str, first: str, second: str
) -> None:
    program(two[0], name, first)
    program(two[1], name, second)
    found = look()[f"{name} shadowed"]
    assert (found.verdict, found.fix) == (Verdict.OK, "")


def test_many_are_counted(path_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [tmp_path / f"place{number}" for number in range(6)]
    for place in places:
        program(place, "pip", "pip 23.2.1")
    monkeypatch.setenv("PATH", ":".join(map(str, [path_dir, *places])))
    found = look()["pip shadowed"]
    assert found.sentence.startswith("On PATH 6 times; ")
    assert found.sentence.endswith(" and 3 more.")
    assert found.names == tuple(str(place / "pip") for place in places)
    assert "unknown" not in found.sentence, "it was not asked"


def test_an_unknown_version_is_no_older_one(two: tuple[Path, Path]) -> None:
    program(two[0], "cmake", "", 1)
    program(two[1], "cmake", "cmake version 3.25.1")
    found = look()["cmake shadowed"]
    assert (found.verdict, found.fix, found.version) == (Verdict.OK, "", "")
    assert f"{short(two[0] / 'cmake')} (version unknown) starts" in found.sentence


def test_all_are_asked_at_the_same_time(
    two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(4)
    for directory in two:
        for name in ("git", "cmake"):
            program(directory, name, "1.0")

    def version(_: str) -> str:
        together.wait(30)
        return "1.0"

    monkeypatch.setattr(programs, "version", version)
    assert {one.verdict for one in look().values()} == {Verdict.OK}
