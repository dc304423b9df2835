"""Compilers, make, cmake, ninja and git."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, compilers, programs
from termai.environment.running import Findings
from tests.environment.on_path import program, script


def one(look: Callable[[], Findings]) -> Finding:
    (found,) = look()
    return found


@pytest.mark.parametrize(
    ("look", "command"),
    [
        (compilers.c, "apt-get install -y gcc"),
        (compilers.cxx, "apt-get install -y g++"),
        (compilers.make, "apt-get install -y make"),
        (compilers.git, "apt-get install -y git"),
    ],
)
@pytest.mark.usefixtures("debian", "path_dir")
def test_a_missing_one_comes_with_its_package(look: Callable[[], Findings], command: str) -> None:
    found = one(look)
    assert (found.verdict, found.command) == (Verdict.WARNING, command)


@pytest.mark.parametrize("look", [compilers.cmake, compilers.ninja])
@pytest.mark.usefixtures("debian", "path_dir")
def test_what_pip_fetches_is_not_missed(look: Callable[[], Findings]) -> None:
    found = one(look)
    assert found.verdict is Verdict.NOT_NEEDED
    assert "pip fetches it" in found.sentence


def test_an_old_cmake_is_told_and_fine(path_dir: Path) -> None:
    program(path_dir, "cmake", "cmake version 3.18.4")
    found = one(compilers.cmake)
    assert (found.verdict, found.version) == (Verdict.OK, "3.18.4")
    assert "Older than 3.21" in found.sentence


def test_the_real_compiler_passes(path_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    if not shutil.which("c++"):
        pytest.skip("no C++ compiler is installed")
    assert path_dir.is_dir()
    assert one(compilers.cxx).verdict is Verdict.OK


def test_the_real_compiler_without_its_headers_is_named(
    path_dir: Path, debian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("c++", path="/usr/local/bin:/usr/bin:/bin")
    if not real:
        pytest.skip("no C++ compiler is installed")
    script(path_dir, "c++", f'exec "{real}" -nostdinc -nostdinc++ "$@"')
    monkeypatch.setenv("PATH", f"{path_dir}:/usr/bin:/bin")
    found = one(compilers.cxx)
    assert (found.verdict, found.sentence) == (
        Verdict.WARNING,
        "It lacks headers, which llama.cpp needs.",
    )
    assert found.command == "apt-get install -y g++ libc6-dev"
    assert "status 1" in found.cause
    assert debian.is_dir()


@pytest.mark.usefixtures("debian")
def test_one_that_is_too_old_for_the_language_is_named(path_dir: Path) -> None:
    body = "[ $1 = --version ] && echo g++ 4.8.5 && exit\necho 'unrecognized option' >&2; exit 1"
    script(path_dir, "g++", body)
    found = one(compilers.cxx)
    assert found.sentence == "It does not know C++17, which llama.cpp needs."
    assert found.command == "apt-get install -y g++"


def test_one_that_hangs_at_compiling_is_a_warning(
    path_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(path_dir, "c++", "[ $1 = --version ] && echo g++ 12.2.0 && exit; exec /bin/sleep 60")
    monkeypatch.setattr(programs, "TIME_LIMIT_S", 1.0)
    (found,) = compilers.cxx()
    assert found.verdict is Verdict.WARNING
    assert "gives no answer within 1 s" in found.sentence
    assert found.fix
