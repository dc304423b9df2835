"""A program that gets its key as it starts."""

import subprocess
import sys
from pathlib import Path

from termai.engines import keyed


def run(keys: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    command = keyed.command("SECRET_KEY", keys, argv)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def written(path: Path, mode: int = 0o600) -> Path:
    path.touch(mode=mode)
    path.write_text("# mine\nhunter2\nother\n")
    return path


def test_the_program_has_the_first_key_in_its_environment(tmp_path: Path) -> None:
    prints = "import os, sys; print(os.environ['SECRET_KEY'], sys.argv[1:])"
    done = run(written(tmp_path / "key"), sys.executable, "-c", prints, "--serve")
    assert (done.returncode, done.stdout.split(maxsplit=1)) == (0, ["hunter2", "['--serve']\n"])
    assert "hunter2" not in " ".join(map(str, done.args))


def test_a_key_that_others_can_read_ends_it_before_the_program_runs(tmp_path: Path) -> None:
    done = run(written(tmp_path / "key", 0o644), sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    assert "can be read by others" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_program_that_is_none_is_told_as_the_job_runner_tells_it(tmp_path: Path) -> None:
    done = run(written(tmp_path / "key"), "/nowhere/vllm")
    assert done.returncode == 126
    assert done.stderr.startswith("termai: cannot be executed: No such file")
