"""The shell completes commands, options, profiles and servers."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Termai, environment


def completed(termai: Termai, words: str) -> set[str]:
    """Return what bash would be offered for the last of ``words``."""
    number = str(len(words.split(" ")) - 1)
    done = termai(_TERMAI_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=number)
    return {line.partition(",")[2] for line in done.stdout.splitlines() if line}


def test_commands_options_and_profiles_are_completed(termai: Termai) -> None:
    assert {"run", "restart"} <= completed(termai, "termai r")
    assert completed(termai, "termai ps --j") == {"--json"}
    assert "--temperature" in completed(termai, "termai chat --temp")
    assert completed(termai, "termai start smo") == {"smoke"}
    assert "smoke" in completed(termai, "termai profiles show ")


def test_servers_are_completed_where_they_make_sense(termai: Termai, smoke: str) -> None:
    assert smoke
    assert completed(termai, "termai stop s") == {"smoke"}
    assert completed(termai, "termai chat --server s") == {"smoke"}
    termai("stop", "smoke")
    assert completed(termai, "termai stop s") == set()
    assert completed(termai, "termai logs s") == {"smoke"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_one_that_the_shell_understands(
    termai: Termai, shell: str, tmp_path: Path
) -> None:
    done = termai("completion", shell)
    assert done.returncode == 0
    assert "_TERMAI_COMPLETE" in done.stdout
    program = shutil.which(shell)
    if program:
        script = tmp_path / "script"
        script.write_text(done.stdout)
        check = subprocess.run(
            [program, "-n", str(script)], capture_output=True, env=environment(), check=False
        )
        assert check.returncode == 0, check.stderr


def test_other_shells_are_refused(termai: Termai) -> None:
    assert termai("completion", "tcsh").returncode == 2
