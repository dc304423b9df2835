"""The plan of a build: what decides its key, how many compilers, with which Python."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from termai.engines import compiling
from termai.engines.compiling import jobs_for, prepare
from termai.engines.recipe import Gpu
from termai.errors import NotFoundError
from termai.hardware.limits import MachineLimits

GIB = 1 << 30


def test_rpc_is_part_of_what_is_built() -> None:
    both = prepare("none"), prepare("none", rpc=False)
    assert "-DGGML_RPC=ON" in both[0].recipe.cmake_args
    assert "-DGGML_RPC=OFF" in both[1].recipe.cmake_args
    assert both[0].recipe.key != both[1].recipe.key
    assert both[0].name != both[1].name


@pytest.mark.parametrize(
    ("gpu", "free", "threads", "jobs"),
    [(Gpu.NONE, 24, 8, 8), (Gpu.NONE, 4, 8, 2), (Gpu.CUDA, 4, 8, 1), (Gpu.NONE, 0, 8, 1)],
)
def test_no_more_compilers_than_the_memory_allows(
    monkeypatch: pytest.MonkeyPatch, gpu: Gpu, free: int, threads: int, jobs: int
) -> None:
    monkeypatch.setattr("termai.hardware.limits.read", lambda: MachineLimits(threads=threads))
    monkeypatch.setattr("termai.hardware.host.memory", lambda: ((32 - free) * GIB, 32 * GIB))
    assert jobs_for(gpu) == jobs


def test_where_memory_is_not_told_every_thread_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("termai.hardware.limits.read", lambda: MachineLimits(threads=3))
    monkeypatch.setattr("termai.hardware.host.memory", lambda: (None, None))
    assert jobs_for(Gpu.NONE) == 3
    assert prepare("none", jobs=7).jobs == 7


def test_the_command_and_its_environment(tmp_path: Path) -> None:
    plan = prepare("none", jobs=2)
    given = compiling.environment(plan, tmp_path)
    assert given["CMAKE_BUILD_PARALLEL_LEVEL"] == "2"
    assert given["TMPDIR"] == str(tmp_path)
    command = compiling.command(plan, Path("/x/python"), tmp_path / "wheel")
    assert command[-1].startswith("llama-cpp-python==")
    assert "/x/python" in command


def _hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    real = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name in names else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def test_this_python_builds_where_it_has_pip(tmp_path: Path) -> None:
    assert compiling.builder(tmp_path) == Path(sys.executable)


def test_without_pip_a_python_that_has_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def create(place: Path, *, with_pip: bool) -> None:
        assert with_pip
        made.append(place)

    _hide(monkeypatch, "pip")
    monkeypatch.setattr("venv.create", create)
    assert compiling.builder(tmp_path) == tmp_path / "python" / "bin" / "python"
    assert made == [tmp_path / "python"]


def test_a_python_with_neither_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hide(monkeypatch, "pip", "ensurepip")
    with pytest.raises(NotFoundError, match="neither pip nor ensurepip"):
        compiling.builder(tmp_path)
