"""From the editor to a real server and back: start, restart with changes, one's own editor."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile, user_path
from termai.servers.registry import list_servers
from termai.tui.screens.profile_editor import ProfileEditor
from termai.tui.screens.profile_editor_dialogs import RestartScreen
from tests.e2e.tmux import Tmux
from tests.support import free_port
from tests.tui.support import opened, screen_text, until
from tests.tui.test_in_tmux import environment

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from termai.tui import run; raise SystemExit(run('profiles'))")
APPEND = """#!/bin/sh
printf '\\n# mine\\n[sampling]\\ntemperature = 0.1\\n' >> "$1"
"""


@pytest.mark.slow
async def test_s_saves_and_starts_and_later_restarts_with_the_changes(tiny: Profile) -> None:
    async with opened("profiles") as (app, pilot):
        editor = ProfileEditor(tiny, "ctx_size")
        app.push_screen(editor)
        await until(pilot, lambda: editor.look is not None)
        await pilot.press("right", "s")
        await until(pilot, lambda: app.current_mode == "servers")
        await until(pilot, lambda: [str(s.state) for s in app.servers] == ["ready"])
        assert load_profile("tiny").value("ctx_size") == 512
        first = list_servers()[0]
        await pilot.press("f3")
        await until(pilot, lambda: "runs on :" in screen_text(app))
        await pilot.press("right")
        editor.form.choose("temperature")
        await pilot.press("right", "s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        shown = screen_text(app)
        assert shown.index("A restart is needed for") < shown.index("load.ctx_size: 512 → 1024")
        assert shown.index("without a restart") < shown.index("sampling.temperature")
        await pilot.press("y")
        await until(pilot, lambda: app.current_mode == "servers")
        await until(
            pilot,
            lambda: [(s.pid != first.pid, str(s.state)) for s in app.servers] == [(True, "ready")],
        )
        assert app.servers[0].port == first.port


@pytest.fixture
def program(tmp_path: Path, no_servers_left: None) -> Iterator[Tmux]:
    script = tmp_path / "append"
    script.write_text(APPEND)
    script.chmod(0o755)
    with Tmux(PROGRAM, env=environment(EDITOR=str(script)), cwd=ROOT) as tmux:
        yield tmux


@pytest.mark.slow
def test_the_own_editor_and_back(program: Tmux, home: Path) -> None:
    save_profile(Profile(name="aaa").with_values(path="builtin:smoke", ctx_size=1024))
    program.wait_for("aaa")
    program.press("r", "Home", "Enter")
    program.wait_for("MEMORY", "ctx_size", "1024 tokens")
    program.press("Tab", "Right")
    program.wait_for("2048 tokens", "• changed")
    program.press("e")
    program.wait_for("2048 tokens", "aaa  saved")
    text = user_path("aaa").read_text()
    assert "ctx_size = 2048" in text
    assert "# mine" in text
    program.press("/")
    program.type("temperature")
    program.wait_for("temperature", "0.1", "profile")


@pytest.mark.slow
def test_someone_who_has_never_read_anything(program: Tmux, home: Path) -> None:
    """From an empty house to a running server: new, 16k, a clash, its fix, save and start."""
    program.wait_for("single-gpu")
    program.press("n")
    program.wait_for("New profile from", "termai-smoke")
    program.type("smoke")
    program.press("Enter")
    program.wait_for("Name of the new profile")
    program.press("Enter")
    program.wait_for("MEMORY", "saved", "4096 tokens")
    program.press("/")
    program.type("context")
    program.wait_for("found")
    program.press("Enter", "Enter")
    program.type("16k")
    program.wait_for("x Lower ctx_size to 4096")
    program.press("Enter")
    program.wait_for("16384 tokens", "• changed")
    program.press("x")
    program.wait_for("4096 tokens")
    program.press("Escape")
    program.wait_for("usual options")  # else the terminal sends Alt and the next key
    program.press("/")
    program.type("port")
    program.press("Enter", "Enter")
    program.type(str(free_port()))
    program.press("Enter")
    program.wait_for("• changed")
    program.press("s")
    program.wait_for("ready", "llama-server", "LOG")


@pytest.mark.slow
def test_few_colours_and_no_signs_but_letters(home: Path) -> None:
    save_profile(Profile(name="aaa").with_values(path="builtin:smoke", ctx_size=8192))
    env = environment(TERM="linux", COLORTERM="")
    with Tmux(PROGRAM, env=env, cwd=ROOT) as tmux:
        tmux.wait_for("aaa")
        tmux.press("Home", "Enter")
        shown = tmux.wait_for("MEMORY", "x Lower ctx_size", "! ctx_size")
        assert "▲" not in shown
        for columns, rows in ((40, 12), (200, 50), (80, 24)):
            tmux._run("resize-window", "-x", str(columns), "-y", str(rows))
            tmux.wait_for("ctx_size", "F1")
