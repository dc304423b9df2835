"""Profiles and Models: what they show, and starting from them."""

from pathlib import Path

import pytest

from termai.paths import models_dir, profiles_dir
from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles
from tests.tui.model_files import TINY
from tests.tui.support import LARGE, opened, screen_text, until


async def test_profiles_show_whose_they_are_and_where_values_come_from(tiny: Profile) -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "tiny" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: "tiny.toml" in "".join(screen_text(app).split()))
        lines = screen_text(app).splitlines()
        assert any("tiny" in line and "yours" in line for line in lines)
        assert any("smoke" in line and "termai's" in line for line in lines)
        assert any(
            "ctx_size" in line and "256 tokens" in line and "profile" in line for line in lines
        )
        assert any("temperature" in line and "default" in line for line in lines)


async def test_a_broken_profile_is_listed_with_file_and_line() -> None:
    profiles_dir().mkdir(parents=True)
    (profiles_dir() / "mine.toml").write_text('schema = 1\n[load]\nctx_size = "much"\n')
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "✖ broken" in screen_text(app))
        await pilot.press("home")
        await until(pilot, lambda: "The file was left as it is" in screen_text(app))
        right = [line.partition("│")[2] for line in screen_text(app).splitlines()]
        flat = " ".join(" ".join(right).split())
        assert "line 3" in flat
        assert "ctx_size" in flat


@pytest.mark.slow
async def test_s_starts_a_profile_and_goes_to_servers(tiny: Profile) -> None:
    async with opened("profiles") as (app, pilot):
        await until(pilot, lambda: "tiny" in screen_text(app))
        await pilot.press("home", "s")
        await until(pilot, lambda: app.current_mode == "servers")
        await until(pilot, lambda: [s.name for s in app.servers] == ["tiny"])
        await until(pilot, lambda: [str(s.state) for s in app.servers] == ["ready"])


@pytest.mark.slow
async def test_a_profile_without_a_model_asks_for_one(tiny: Profile, tiny_model: Path) -> None:
    target = models_dir() / "org/name/tiny-Q8_0.gguf"
    target.parent.mkdir(parents=True)
    target.symlink_to(tiny_model)
    async with opened("profiles") as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        await pilot.press("home", "down", "s")
        await until(pilot, lambda: "cpu-small: with which model?" in screen_text(app))
        assert "org/name/tiny-Q8_0.gguf" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: [s.name for s in app.servers] == ["cpu-small"])
        assert app.servers[0].model == str(target)


@pytest.mark.slow
async def test_a_model_file_is_started_from_the_list(tiny_model: Path, tiny: Profile) -> None:
    target = models_dir() / "org/name/tiny-Q8_0.gguf"
    target.parent.mkdir(parents=True)
    target.symlink_to(tiny_model)
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "tiny-Q8_0" in screen_text(app))
        await until(pilot, lambda: "termai-smoke-q8_0" in screen_text(app))
        await pilot.press("end", "enter")
        await until(pilot, lambda: [s.name for s in app.servers] == ["tiny-Q8_0"])
        assert app.current_mode == "servers"
        assert [p.name for p in list_profiles().profiles if not p.shipped] == ["tiny"]


async def test_names_of_models_cannot_drive_the_terminal() -> None:
    evil = models_dir() / "o" / "e\x1b]0;owned\x07\x1b[31mvil\n[bold].gguf"
    evil.parent.mkdir(parents=True)
    evil.write_bytes(b"GGUF\x03\0\0\0")
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "evil [bold]" in screen_text(app))
        assert "owned" not in screen_text(app)


async def test_a_split_set_that_is_not_whole_is_shown_and_not_started() -> None:
    TINY.write(models_dir() / "o/m/big-00001-of-00003.gguf")
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "2 of its 3 parts are missing" in screen_text(app))
        await pilot.press("home", "enter")
        await pilot.pause()
        assert app.current_mode == "models"
        assert app.servers == ()
