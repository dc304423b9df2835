"""Variables that are set for good, in the start files of several shells; run by a real one."""

import subprocess
from pathlib import Path

import pytest

from termai.environment import shell_variables
from termai.environment.shells import Shell


@pytest.mark.parametrize(
    ("shell", "line", "file"),
    [
        ("bash", "export LANG=C.UTF-8", ".bashrc"),
        ("zsh", "export LANG=C.UTF-8", ".zshrc"),
        ("fish", "set -gx LANG C.UTF-8", "config.fish"),
        ("tcsh", "setenv LANG C.UTF-8", ".tcshrc"),
    ],
)
def test_the_line_is_the_shells_own_and_the_command_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, line: str, file: str
) -> None:
    monkeypatch.delenv("ZDOTDIR", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    remedy = shell_variables.setting("LANG", "C.UTF-8", Shell(shell, login=False), tmp_path)
    assert line in remedy.fix
    subprocess.run(["/bin/sh", "-c", remedy.command], check=True)
    (written,) = tmp_path.rglob(file)
    assert written.read_text() == f"\n{line}\n"


def test_a_value_reaches_the_shell_as_it_is(tmp_path: Path) -> None:
    value = "it's $HOME; `id`"
    remedy = shell_variables.setting("ODD", value, Shell("sh", login=True), tmp_path)
    subprocess.run(["/bin/sh", "-c", remedy.command], check=True)
    asked = f'. {tmp_path}/.profile; printf %s "$ODD"'
    done = subprocess.run(["/bin/sh", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == value


def test_an_unknown_shell_is_told_the_line(tmp_path: Path) -> None:
    remedy = shell_variables.setting("LANG", "C.UTF-8", Shell("nu", login=False), tmp_path)
    assert not remedy.command
    assert "export LANG=C.UTF-8" in remedy.fix
