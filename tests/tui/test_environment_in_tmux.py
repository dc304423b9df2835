"""Environment in a real tmux: a command of a finding gets the terminal and gives it back."""

import sys
from pathlib import Path

import pytest

from termai.paths import config_dir
from tests.e2e.tmux import Tmux
from tests.tui.test_in_tmux import environment

ROOT = Path(__file__).parents[2]
_OWN_FILES = """
from termai.doctor import checking
from termai.tui import run, work
work.checks = lambda only=(): checking.examine(("termai",))
raise SystemExit(run("environment"))
"""
_LONG = """
from termai.environment import Finding, Verdict
from termai.tui import run, work
command = "echo begun; sleep 600"
long = Finding("long", Verdict.WARNING, "It is slow.", command, command=command, group="Programs")
work.checks = lambda only=(): (long,)
raise SystemExit(run("environment"))
"""


def program(script: str) -> Tmux:
    return Tmux((sys.executable, "-c", script), env=environment(), cwd=ROOT)


@pytest.mark.slow
def test_a_fix_is_run_and_its_finding_is_gone() -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    config_dir().chmod(0o755)
    with program(_OWN_FILES) as tmux:
        tmux.wait_for("warning    config", "0755")
        tmux.press("f")
        tmux.wait_for("Run this?", "chmod go-rwx")
        tmux.press("y")
        tmux.wait_for("It is done. Enter goes back")
        tmux.press("Enter")
        tmux.wait_for("CHECKS", "0 warnings")
    assert config_dir().stat().st_mode & 0o077 == 0


_MISSING = """
from termai.environment import Finding, Verdict
from termai.tui import run, work
command = "no-such-program --now"
gone = Finding("gone", Verdict.WARNING, "It is gone.", command, command=command, group="Programs")
work.checks = lambda only=(): (gone,)
raise SystemExit(run("environment"))
"""


@pytest.mark.slow
def test_a_command_that_fails_says_how_it_ended_and_escape_is_its_own() -> None:
    with program(_MISSING) as tmux:
        tmux.wait_for("warning    gone")
        tmux.press("f")
        tmux.wait_for("Run this?")
        tmux.press("y")
        tmux.wait_for("code 127: a program in it was not found. Enter goes back")
        tmux.press("Escape")
        tmux.press("Enter")
        tmux.wait_for("gone: the command ended with code 127.", "F5 Chat")


@pytest.mark.slow
def test_a_command_is_stopped_by_control_c_and_the_program_goes_on() -> None:
    with program(_LONG) as tmux:
        tmux.wait_for("warning    long")
        tmux.press("Enter")
        tmux.wait_for("Run this?")
        tmux.press("y")
        tmux.wait_for("$ echo begun", "begun")
        tmux.press("C-c")
        tmux.wait_for("It was stopped. Enter goes back")
        tmux.press("Enter")
        tmux.wait_for("CHECKS", "1 warning", "F5 Chat")
