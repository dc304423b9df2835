"""`make` says in one line what is missing, and reuses what was built."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import native
from termai.engines.recipe import Recipe

ROOT = Path(__file__).parents[2]
RECIPE = Recipe("0.0.1", (), "g++ 12", "x86_64")


def make(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": str(path), "MAKEFLAGS": ""}
    command = [shutil.which("make") or "make", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def programs(tmp_path: Path, *names: str) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    for name in names:
        target = shutil.which(name)
        assert target, name
        (directory / name).symlink_to(target)
    return directory


def test_make_without_python_names_the_package(tmp_path: Path) -> None:
    done = make("setup", "PYTHON=/nowhere/python3", path=programs(tmp_path, "sh", "echo"))
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith("make: Python 3.11 or later is missing")


@pytest.mark.parametrize(("present", "missing"), [(("git",), "g++"), (("g++",), "git")])
def test_setup_names_a_missing_program_in_one_line(
    tmp_path: Path, present: tuple[str, ...], missing: str
) -> None:
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".mypy_cache")
    for name in ("scripts", "termai/engines"):
        shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
    for name in ("pyproject.toml", "constraints.txt", "termai/__init__.py"):
        shutil.copy(ROOT / name, checkout / name)
    environment = {**os.environ, "PATH": str(programs(tmp_path, *present))}
    environment.pop("CXX", None)
    command = [sys.executable, "-m", "scripts.setup"]
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert missing in done.stderr
    assert "apt install" in done.stderr


def test_a_wheel_in_the_cache_is_not_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMAI_BUILD_CACHE", str(tmp_path))
    wheel = tmp_path / RECIPE.key / "llama_cpp_python-0.0.1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    assert native.cached_wheel(RECIPE, Path("/nowhere/python")) == wheel


def test_a_build_that_fails_says_where_its_log_is_and_leaves_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERMAI_BUILD_CACHE", str(tmp_path / "cache"))
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho '[1/2] Building'\necho 'error: no such header'\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(native.NativeBuildError) as caught:
        native.cached_wheel(RECIPE, python)
    assert "error: no such header" in str(caught.value)
    assert (tmp_path / "cache" / RECIPE.key / "build.log").read_text().count("\n") == 2
    assert not list((tmp_path / "cache").rglob("*.whl"))
