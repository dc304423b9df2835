"""The user's shell, its start file and the line for its PATH, tried in the real shell."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from termai.environment import shells
from termai.environment.shell_variables import setting
from termai.environment.shells import Shell

BASH, LOGIN_BASH = Shell("bash", login=False), Shell("bash", login=True)


@pytest.fixture
def at_home(tmp_path: Path) -> Path:
    """Return the home directory that the test has."""
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("chain", "shell"),
    [
        ([["-bash"]], LOGIN_BASH),
        ([["/bin/bash", "-l"], ["sshd"]], LOGIN_BASH),
        ([["bash", "--login"]], LOGIN_BASH),
        ([["python", "x.py"], ["bash", "run.sh"], ["-zsh"]], Shell("zsh", login=True)),
        ([["sh", "-c", "make run"], ["make", "run"], ["fish"]], Shell("fish", login=False)),
        ([["bash", "-lc"], ["zsh", "-i"]], Shell("zsh", login=False)),
        ([[], ["/usr/bin/ash"]], Shell("ash", login=False)),
    ],
)
def test_the_nearest_shell_that_is_typed_into_counts(
    chain: Sequence[Sequence[str]], shell: Shell
) -> None:
    assert shells.current(chain) == shell


def test_without_one_the_users_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    assert shells.current([["termai"], ["sshd"]]) == Shell("fish", login=True)


def test_the_shell_of_this_process_is_looked_up() -> None:
    assert shells.current().name


@pytest.mark.parametrize(
    ("shell", "there", "file"),
    [
        (BASH, {}, ".bashrc"),
        (LOGIN_BASH, {}, ".profile"),
        (LOGIN_BASH, {".profile": "umask 022\n"}, ".profile"),
        (LOGIN_BASH, {".profile": ". ~/.bashrc\n"}, ".bashrc"),
        (LOGIN_BASH, {".profile": "# no .bashrc\n"}, ".profile"),
        (LOGIN_BASH, {".bash_profile": "", ".profile": ". ~/.bashrc\n"}, ".bash_profile"),
        (BASH, {".profile": "umask 022\n"}, ".bashrc"),
        (Shell("zsh", login=True), {}, ".zshrc"),
        (Shell("fish", login=False), {}, ".config/fish/config.fish"),
        (Shell("ash", login=True), {}, ".profile"),
        (Shell("tcsh", login=True), {}, ".tcshrc"),
    ],
)
def test_each_shell_reads_its_own_file(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell, there: dict[str, str], file: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, text in there.items():
        (at_home / name).write_text(text)
    assert shells.start_file(shell, at_home) == at_home / file


def test_an_unknown_shell_gets_words() -> None:
    remedy = shells.add_to_path(Path("/opt/x"), shell=Shell("xonsh", login=False))
    assert remedy.fix == "Put /opt/x on PATH in the start file of xonsh."
    assert remedy.command == ""


def test_the_fix_names_the_line_and_the_file(at_home: Path) -> None:
    remedy = shells.add_to_path(at_home / ".local/bin", shell=BASH)
    assert remedy.fix == (
        'Add to ~/.bashrc: export PATH="$HOME/.local/bin:$PATH" (then open a new shell).'
    )


@pytest.mark.parametrize("name", ["bash", "zsh", "dash", "fish", "tcsh"])
@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
def test_the_command_changes_path_in_a_new_shell(at_home: Path, name: str, last: bool) -> None:
    """Run the command, then the shell with its start file; the directory's name is a hard one."""
    program = shutil.which(name)
    if not program:
        pytest.skip(f"{name} is not installed")
    odd = at_home / 'it\'s $HOME `x` "q"'
    odd.mkdir()
    shell = Shell("sh" if name == "dash" else name, login=False)
    remedy = shells.add_to_path(odd, last=last, shell=shell)
    file = shells.start_file(shell)
    assert file is not None
    if file.parent.is_dir():
        file.write_text("# no newline at the end")
    subprocess.run(["/bin/sh", "-c", remedy.command], check=True)
    done = subprocess.run(
        [program, "-c", f". '{file}'; printenv PATH" if name != "tcsh" else "printenv PATH"],
        env={"HOME": str(at_home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    entries = done.stdout.rstrip("\n").split(":")
    assert entries[-1 if last else 0] == str(odd)


def test_a_start_file_is_read_in_bounds(at_home: Path) -> None:
    (at_home / ".bashrc").write_bytes(b"\xff" * (1 << 20))
    assert len(shells.read(at_home / ".bashrc")) <= 256 << 10
    assert shells.read(at_home) == ""


def test_a_line_that_is_in_the_file_already_is_not_added_again(tmp_path: Path) -> None:
    first = shells.add_to_path(Path("/opt/x/bin"), shell=BASH, home=tmp_path)
    subprocess.run(["/bin/sh", "-c", first.command], check=True)
    again = shells.add_to_path(Path("/opt/x/bin"), shell=BASH, home=tmp_path)
    assert again.command == ""
    assert "already: open a new shell" in again.fix
    other = shells.add_to_path(Path("/opt/y/bin"), shell=BASH, home=tmp_path)
    assert other.command
    variable = setting("LANG", "C.UTF-8", BASH, tmp_path)
    subprocess.run(["/bin/sh", "-c", variable.command], check=True)
    assert setting("LANG", "C.UTF-8", BASH, tmp_path).command == ""
    assert setting("LANG", "de_DE.UTF-8", BASH, tmp_path).command
