"""The Servers mode with real servers: started, watched, stopped, explained."""

from pathlib import Path

import httpx2
import pytest
from textual.pilot import Pilot

from termai.profiles.profile import Profile
from termai.profiles.store import save_profile
from termai.servers import manager, registry
from termai.tui import opening
from termai.tui.app import TermaiApp
from termai.tui.opening import Opening
from termai.tui.screens.servers import ServersScreen
from tests.gguf.building import build
from tests.tui.support import opened, screen_text, until


def screen(app: TermaiApp) -> ServersScreen:
    assert isinstance(app.screen, ServersScreen)
    return app.screen


async def ready(app: TermaiApp, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: [s.state for s in app.servers] == ["ready"], what="ready")


async def test_an_empty_list_says_what_to_do() -> None:
    async with opened() as (app, pilot):
        await until(pilot, lambda: "No server was started yet" in screen_text(app))


@pytest.mark.slow
async def test_a_server_is_started_from_the_list_and_shown_with_its_log(tiny: Profile) -> None:
    async with opened() as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: "Start which profile?" in screen_text(app))
        await pilot.press("end", "enter")
        await ready(app, pilot)
        await until(pilot, lambda: "all slots are idle" in screen_text(app))
        shown = screen_text(app)
        assert "● tiny" in shown
        assert "ready" in shown
        assert f":{app.servers[0].port}" in shown
        assert "0/3 CPU" in shown
        assert "LOG tiny  following" in shown


@pytest.mark.slow
async def test_stopping_asks_and_no_leaves_the_server(tiny: Profile) -> None:
    manager.start(tiny)
    async with opened() as (app, pilot):
        await ready(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: "Stop the server?" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: not app.screen.is_modal)
        assert registry.get("tiny").alive
        await pilot.press("x")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("y")
        await until(pilot, lambda: [s.state for s in app.servers] == ["stopped"])
        await until(pilot, lambda: "○ tiny" in screen_text(app))
        assert not registry.get("tiny").alive


@pytest.mark.slow
async def test_restart_gives_a_new_process_and_shows_its_log(tiny: Profile) -> None:
    first = manager.start(tiny)
    async with opened() as (app, pilot):
        await ready(app, pilot)
        await pilot.press("r")
        await until(pilot, lambda: registry.get("tiny").job.id != first.job.id)
        await ready(app, pilot)
        again = registry.get("tiny").job.log_path
        await until(pilot, lambda: screen(app).log_view.path == again)


@pytest.mark.slow
async def test_quitting_the_program_leaves_the_server_answering(tiny: Profile) -> None:
    async with opened() as (app, pilot):
        app.start_profile("tiny")
        await ready(app, pilot)
        url = app.servers[0].url
        await pilot.press("ctrl+q")
    assert httpx2.get(f"{url}/health", timeout=5).status_code == 200
    assert opening.plan() == Opening("chat", "tiny")
    async with opened() as (app, pilot):
        await ready(app, pilot)
        assert app.servers[0].url == url


@pytest.mark.slow
async def test_a_failed_server_says_why_and_its_log_is_there(
    tmp_path: Path, no_servers_left: None
) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(build({"general.architecture": "none"}))
    save_profile(Profile(name="broken").with_values(path=str(broken)))
    async with opened() as (app, pilot):
        app.start_profile("broken")
        await until(pilot, lambda: [s.state for s in app.servers] == ["failed"])
        problem = app.servers[0].problem
        assert problem
        await until(pilot, lambda: "✖ broken" in screen_text(app))
        words = problem.split()
        await until(pilot, lambda: " ".join(words[:3]) in screen_text(app), what=problem)
        await until(pilot, lambda: "termai: ended with code 1" in screen_text(app))


@pytest.mark.slow
async def test_chat_url_and_tunnel_of_a_running_server(tiny: Profile) -> None:
    manager.start(tiny)
    async with opened() as (app, pilot):
        await ready(app, pilot)
        url = app.servers[0].url
        await pilot.press("u")
        await until(pilot, lambda: app.clipboard == f"{url}/v1")
        await pilot.press("t")
        await until(pilot, lambda: app.clipboard.startswith("ssh -N -L"))
        assert str(app.servers[0].port) in app.clipboard
        await pilot.press("escape", "c")
        await until(pilot, lambda: app.current_mode == "chat")
        assert app.chat_server == "tiny"


async def test_keys_that_need_a_server_are_greyed_out_without_one() -> None:
    async with opened() as (app, pilot):
        await pilot.pause()
        states = {b.binding.id: b.enabled for b in app.screen.active_bindings.values()}
        assert states["servers.start"]
        assert not states["servers.stop"]
        assert not states["servers.chat"]


@pytest.mark.slow
async def test_the_log_pauses_with_f_and_goes_on(tiny: Profile) -> None:
    manager.start(tiny)
    async with opened() as (app, pilot):
        await ready(app, pilot)
        await pilot.press("f")
        await until(pilot, lambda: "LOG tiny  paused" in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "LOG tiny  following" in screen_text(app))
        await pilot.press("g")
        await until(pilot, lambda: "LOG tiny  paused" in screen_text(app))
        await until(pilot, lambda: "termai: started" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard.startswith("termai: started"))
        assert len(app.clipboard.splitlines()) == screen(app).log_view.size.height
        await pilot.press("G")
        await until(pilot, lambda: "LOG tiny  following" in screen_text(app))
