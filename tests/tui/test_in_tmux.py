"""The program in a real tmux, where keys are bytes and colours are few."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai import settings
from termai.paths import config_dir, data_dir, state_dir
from tests.e2e.tmux import Tmux
from tests.support import wait_until

PROGRAM = (sys.executable, "-c", "from termai.tui import run; raise SystemExit(run('servers'))")


def environment(**more: str) -> dict[str, str]:
    directories = {"CONFIG": config_dir(), "DATA": data_dir(), "STATE": state_dir()}
    return {
        **{f"TERMAI_{kind}_DIR": str(path) for kind, path in directories.items()},
        "HOME": str(Path.home()),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERMAI_NO_AUTOSTART": "1",
        **more,
    }


@pytest.fixture
def program() -> Iterator[Tmux]:
    with Tmux(PROGRAM, env=environment(), cwd=Path(__file__).parents[2]) as tmux:
        tmux.wait_for("No server was started yet")
        yield tmux


@pytest.mark.slow
def test_every_mode_by_function_key_and_by_alt_and_digit(program: Tmux) -> None:
    for keys in (("F1", "F2", "F3", "F5"), ("M-1", "M-2", "M-3", "M-5")):
        for key, text in zip(keys, ("CHECKS", "[Library", "cpu-small", "Enter sends"), strict=True):
            program.press(key)
            program.wait_for(text)
    program.type("typed")
    program.wait_for("typed")
    program.press("M-4")
    program.wait_for("No server was started yet")
    program.press("F5")
    assert "¢" not in program.wait_for("typed")


@pytest.mark.slow
def test_quitting_ends_the_program_and_clears_the_screen(program: Tmux) -> None:
    program.press("C-q")
    wait_until(lambda: program._run("display-message", "-p", "#{pane_dead}").strip() == "1")
    assert "F4 Servers" not in program.screen


@pytest.mark.slow
def test_a_terminal_of_sixteen_colours_and_no_unicode_signs() -> None:
    env = environment(TERM="linux", COLORTERM="")
    with Tmux(PROGRAM, env=env, cwd=Path(__file__).parents[2]) as tmux:
        shown = tmux.wait_for("No server was started yet", "-0")
        assert "○" not in shown
        tmux.press("F1")
        tmux.wait_for("+ ok")


@pytest.mark.slow
def test_a_window_made_narrow_and_wide_again_keeps_its_lines(program: Tmux) -> None:
    program.press("F3")
    program.wait_for("cpu-small")
    for columns, rows in ((40, 12), (120, 40), (80, 24)):
        program._run("resize-window", "-x", str(columns), "-y", str(rows))
        program.wait_for("cpu-small", "F1")


@pytest.mark.slow
@pytest.mark.parametrize("mouse", [True, False])
def test_the_mouse_is_tracked_only_when_the_settings_say_so(mouse: bool) -> None:
    settings.save(mouse=mouse)
    with Tmux(PROGRAM, env=environment(), cwd=Path(__file__).parents[2]) as tmux:
        tmux.wait_for("No server was started yet")
        tracked = tmux._run("display-message", "-p", "#{mouse_any_flag}").strip()
        assert tracked == str(int(mouse))
