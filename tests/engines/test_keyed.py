"""A program that gets its key as it starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from termai.engines import access, keyed
from termai.profiles.kept import masked_words


def run(keys: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    command = keyed.command("SECRET_KEY", keys, argv)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def written(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text", ["hunter2\n", "# mine\n\n  \nhunter2\nother\n", "hunter2", "a$(b)'\"`\\c\nother\n"]
)
def test_the_program_has_the_first_key_in_its_environment(tmp_path: Path, text: str) -> None:
    prints = "import os, sys; print(os.environ['SECRET_KEY'], sys.argv[1:])"
    file = written(tmp_path / "a key's file", text)
    key = access.read_key(file)
    done = run(file, sys.executable, "-c", prints, "--serve", "it's")
    assert (done.returncode, done.stdout) == (0, f"{key} ['--serve', \"it's\"]\n")
    assert key not in " ".join(map(str, done.args))


def test_the_command_is_shown_whole_as_it_holds_no_secret(tmp_path: Path) -> None:
    command = keyed.command("VLLM_API_KEY", tmp_path / "key", ("vllm", "serve"))
    assert masked_words(command) == command


@pytest.mark.parametrize("text", ["", "# none\n\n"])
def test_without_a_key_the_program_does_not_run(tmp_path: Path, text: str) -> None:
    done = run(written(tmp_path / "key", text), sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no key" in done.stderr
