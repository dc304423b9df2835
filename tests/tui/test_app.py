"""The program as a whole: modes, palette, toasts, and what happens when looking fails."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.widgets import TextArea

from termai.errors import StorageError, UsageError
from termai.paths import config_dir, jobs_dir
from termai.profiles.profile import Profile
from termai.servers.facts import Facts
from termai.servers.records import from_job
from termai.tui import app as app_module
from termai.tui import opening
from termai.tui.app import TermaiApp
from termai.tui.messages import Failed, OpeningPlanned, ServersSeen, ServerStarted
from termai.tui.opening import MODES, Opening
from termai.tui.screens.base import ModeScreen
from tests.servers.samples import make_job
from tests.tui.support import opened, screen_text, toasts, until


def mode(app: TermaiApp) -> str:
    return app.screen.MODE if isinstance(app.screen, ModeScreen) else ""


@pytest.mark.parametrize("prefix", ["f", "alt+"])
async def test_function_keys_and_alt_digits_open_every_mode(prefix: str) -> None:
    async with opened() as (app, pilot):
        for number, name in enumerate(MODES, 1):
            await pilot.press(f"{prefix}{number}")
            await until(pilot, partial(_in_mode, app, name), what=name)


def _in_mode(app: TermaiApp, name: str) -> bool:
    return mode(app) == name


async def test_modes_switch_while_typing_and_the_text_stays() -> None:
    async with opened("chat") as (app, pilot):
        await until(pilot, lambda: bool(app.screen.query(TextArea)))
        box = app.screen.query(TextArea).first()
        box.focus()
        await pilot.press("h", "i", "alt+4")
        await until(pilot, lambda: mode(app) == "servers")
        await pilot.press("f5")
        await until(pilot, lambda: mode(app) == "chat")
        assert box.text == "hi"


async def test_the_palette_and_the_help_open_while_typing() -> None:
    async with opened("chat") as (app, pilot):
        await until(pilot, lambda: bool(app.screen.query(TextArea)))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press("f4")
        await until(pilot, lambda: mode(app) == "servers")
        await pilot.press("f5", "f6")
        await until(pilot, lambda: "ctrl+q" in screen_text(app))


async def test_a_question_keeps_the_mode_keys_quiet() -> None:
    async with opened() as (app, pilot):
        await pilot.press("s")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("f3")
        await pilot.pause()
        assert app.current_mode == "servers"
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.is_modal)


@pytest.mark.parametrize("name", MODES)
async def test_every_key_of_ours_has_an_identity_and_says_what_it_does(name: str) -> None:
    async with opened(name) as (app, pilot):
        await until(pilot, lambda: mode(app) == name)
        await pilot.pause()
        ours = [
            binding
            for node, binding, _, _ in app.screen.active_bindings.values()
            if node.__class__.__module__.startswith("termai")
            and binding in _declared(node.__class__)
            and binding.description
        ]
        assert ours
        assert all(binding.id for binding in ours), [b for b in ours if not b.id]
        assert all(b.tooltip for b in ours if not b.system), [b.id for b in ours if not b.tooltip]
        ids = [(binding.id, binding.action) for binding in ours]
        assert len({identity for identity, _ in ids}) == len(set(ids))


def _declared(of: type[Any]) -> list[Binding]:
    """Return the bindings that classes of termai declare, not those of Textual's."""
    classes = [c for c in of.__mro__ if c.__module__.startswith("termai")]
    declared = [b for c in classes for b in c.__dict__.get("BINDINGS", ())]
    return list(Binding.make_bindings(declared))


async def test_the_palette_offers_the_keys_and_the_profiles(tiny: Profile) -> None:
    async with opened(size=(100, 40)) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"tiny")
        await until(pilot, lambda: "Start profile tiny" in screen_text(app))
        await pilot.press(*["backspace"] * 4, *"theme")
        await until(pilot, lambda: "Choose colours" in screen_text(app))


@pytest.mark.parametrize(
    ("words", "found", "shown"),
    [
        ("import", "Profiles: Import", "Import"),
        ("dupl", "Profiles: Duplicate", "Duplicate tiny"),
        ("rename", "Profiles: Rename", "Rename tiny"),
    ],
)
async def test_the_palette_does_what_profiles_does_from_another_mode(
    words: str, found: str, shown: str, tiny: Profile
) -> None:
    async with opened(size=(100, 40)) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*words)
        await until(pilot, lambda: found in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "profiles" and app.screen.is_modal)
        await until(pilot, lambda: f"─ {shown}" in screen_text(app))


async def test_the_palette_begins_with_keys_and_ends_with_the_screenshot() -> None:
    async with opened(size=(100, 40)) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: "Choose a profile to start." in screen_text(app))
        assert "Screenshot" not in screen_text(app)
        await pilot.press(*"screenshot")
        await until(pilot, lambda: "Save the screen as SVG" in screen_text(app))


@pytest.mark.parametrize("name", MODES)
async def test_every_mode_can_be_drawn_without_colours(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(name) as (app, pilot):
        assert app.no_color
        await until(pilot, lambda: mode(app) == name)
        await until(pilot, lambda: "F1 Env" in screen_text(app))
        await pilot.press("f6", "escape", "ctrl+p", "escape", "f8", "escape")


async def test_help_tells_what_the_mode_is_for_and_its_keys() -> None:
    async with opened(size=(100, 40)) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "Servers run on their own" in screen_text(app))
        assert "Stop the server, after asking." in screen_text(app)
        assert "f4, alt+4" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: mode(app) == "servers")


async def test_a_failure_is_a_toast_with_its_fix_and_no_markup() -> None:
    async with opened() as (app, pilot):
        app.post_message(Failed("The [bold]disk\x1b[2J is full.", "Free some space."))
        await until(pilot, lambda: "Free some space." in toasts(app))
        assert "[bold]disk is full." in toasts(app)


async def test_settings_that_cannot_be_read_are_told_and_the_program_runs() -> None:
    config_dir().mkdir(parents=True)
    (config_dir() / "config.toml").write_text("theme = 3\n")
    async with opened() as (app, pilot):
        await until(pilot, lambda: "config.toml, line 1" in toasts(app))
        assert app.theme == "termai-dark"


async def test_looking_goes_on_after_it_failed_and_the_failure_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0

    def look() -> tuple[()]:
        nonlocal looks
        looks += 1
        if looks < 4:
            raise StorageError("The state directory is not readable.")
        return ()

    monkeypatch.setattr(app_module, "_READERS", ((look, ServersSeen),))
    monkeypatch.setattr(app_module, "POLL_SECONDS", 0.05)
    async with opened() as (app, pilot):
        await until(pilot, lambda: looks > 5)
        assert toasts(app).count("not readable") == 1


async def test_the_mouse_can_choose_a_mode() -> None:
    async with opened() as (app, pilot):
        await pilot.click("ModeBar", offset=(12, 0))
        await until(pilot, lambda: mode(app) == "models")


def test_a_first_start_leads_with_environment_and_starts_the_smoke_model_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(opening.NO_AUTOSTART)
    assert opening.plan() == Opening("environment", "smoke", "smoke", first=True)


def test_autostart_can_be_switched_off() -> None:
    assert opening.plan() == Opening("environment", first=True)


def test_a_later_start_opens_servers() -> None:
    (jobs_dir() / "1").mkdir(parents=True)
    assert opening.plan() == Opening("servers")


def test_an_asked_mode_and_server_win() -> None:
    assert opening.plan("profiles").mode == "profiles"
    assert opening.plan("chat").mode == "chat"
    assert opening.plan(chat_with="mine") == Opening("chat", "mine")


def test_an_unknown_mode_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no mode kitchen"):
        opening.check_mode("kitchen")


async def test_a_start_that_may_run_out_of_memory_is_a_toast(tmp_path: Path) -> None:
    words = "big may run out of memory. It needs 9.5 GiB of RTX, where 9.0 GiB are free."
    server = from_job(make_job(tmp_path / "job", memory_warning=words), Facts())
    async with opened() as (app, pilot):
        app.post_message(ServerStarted(server))
        await until(pilot, lambda: words in toasts(app))


async def test_a_plan_that_comes_when_the_program_has_ended_is_left_alone() -> None:
    async with opened() as (app, _):
        pass
    app.on_opening_planned(OpeningPlanned(Opening("models")))
    assert app.opening.mode == "servers"
