"""Importing, exporting and checking profiles from their list."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Label, Static

from termai.profiles.profile import Profile
from termai.profiles.store import list_profiles, load_profile, save_profile
from termai.tui import formats, profile_import_work
from termai.tui.app import TermaiApp
from termai.tui.screens.profiles import ProfilesScreen
from termai.tui.screens.profiles_check import CheckScreen
from termai.tui.screens.profiles_export import ExportScreen
from termai.tui.screens.profiles_import import ImportScreen
from tests.tui.support import LARGE, opened, screen_text, toasts, until

LINE = "CUDA_VISIBLE_DEVICES=0 ./llama-server -m /m/big-Q4_K_M.gguf \\\n  -c 8192 -ngl 99 \\\n -fa"
KCPPS = {"model_param": "/models/tale.gguf", "contextsize": 4096, "gpulayers": 20, "strange": [1]}


def own() -> list[str]:
    return [profile.name for profile in list_profiles().profiles if not profile.shipped]


async def importing(app: TermaiApp, pilot: Pilot[int]) -> ImportScreen:
    await until(pilot, lambda: "cpu-small" in screen_text(app))
    await pilot.press("i")
    await until(pilot, lambda: isinstance(app.screen, ImportScreen))
    await until(pilot, lambda: "Understood are" in screen_text(app))
    assert isinstance(app.screen, ImportScreen)
    return app.screen


async def paste(screen: ImportScreen, pilot: Pilot[int], text: str) -> None:
    screen.app.post_message(events.Paste(text))
    await until(pilot, lambda: screen.source.text)


async def test_a_pasted_command_line_of_several_lines_is_seen_before_it_is_saved() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, LINE)
        assert screen.source.text == LINE
        await pilot.press("enter")
        await until(pilot, lambda: "Comes over" in screen_text(app))
        assert "CUDA_VISIBLE_DEVICES" in screen_text(app)
        assert own() == []
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))
        await until(pilot, lambda: "▸ big-Q4_K_M" in screen_text(app))
        saved = load_profile(own()[0])
        assert saved.values["n_gpu_layers"] == 99
        assert saved.values["ctx_size"] == 8192
        assert "Imported big-Q4_K_M" in toasts(app)


async def test_a_file_is_found_by_tab_and_what_it_lacks_is_told(tmp_path: Path) -> None:
    file = tmp_path / "tale.kcpps"
    file.write_text(json.dumps(KCPPS))
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, f"{tmp_path}/ta")
        await pilot.press("tab")
        await until(pilot, lambda: screen.source.text == str(file))
        await pilot.press("enter")
        await until(pilot, lambda: "Has no counterpart" in screen_text(app))
        assert "strange" in screen_text(app)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press(*"story", "enter")
        await until(pilot, lambda: "▸ [x] story" in screen_text(app))
        await pilot.press("tab", "enter")  # also from what one reads
        await until(pilot, lambda: own() == ["story"])
        assert load_profile("story").values["ctx_size"] == 4096
        await until(pilot, lambda: "Imported story." in toasts(app))
        assert "Before a start: " in toasts(app)


async def test_files_of_other_programs_are_offered_without_their_paths() -> None:
    file = Path.home() / "AI/KoboldCPP/tale.kcpps"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(KCPPS))
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await until(pilot, lambda: "▸ ~/AI/KoboldCPP/tale.kcpps" in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: app.focused is screen.found)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is screen.source)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "▸ [x] tale" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: own() == ["tale"])


async def test_nothing_is_saved_when_it_is_left_or_nothing_is_chosen() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, LINE)
        await pilot.press("enter")
        await until(pilot, lambda: "▸ [x]" in screen_text(app))
        await pilot.press("space")
        await until(pilot, lambda: "▸ [ ]" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing is chosen" in toasts(app))
        await pilot.press("escape")
        await until(pilot, lambda: screen.switcher.current == "ask")
        assert screen.source.text == LINE
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))
        assert own() == []


@pytest.mark.parametrize("back", [["escape"], []])
async def test_what_is_pasted_after_a_look_takes_the_place_of_it(back: list[str]) -> None:
    first = LINE if back else "what is this"
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, first)
        await pilot.press("enter")
        said = "Comes over" if back else "can be imported"
        await until(pilot, lambda: said in " ".join(screen_text(app).split()))
        await pilot.press(*back)
        await until(pilot, lambda: screen.switcher.current == "ask")
        second = "llama-server -m /m/other.gguf"
        app.post_message(events.Paste(second))
        await until(pilot, lambda: screen.source.text != first)
        assert screen.source.text == second
        await pilot.press("enter")
        await until(pilot, lambda: "[x] other" in screen_text(app))


async def test_what_is_pasted_into_a_text_that_is_being_written_is_put_in() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, "llama-server ")
        app.post_message(events.Paste("-m a.gguf"))
        await until(pilot, lambda: screen.source.text == "llama-server -m a.gguf")


@pytest.mark.parametrize(
    ("text", "says"),
    [("~/nothing.kcpps", "does not exist"), ("what is this", "none of the files that can be")],
)
async def test_what_cannot_be_read_is_told_and_can_be_corrected(text: str, says: str) -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, text)
        await pilot.press("enter")
        told = screen.query_one("#told", Static)
        await until(pilot, lambda: says in str(told.content))
        assert told.region.height > 0
        assert screen.switcher.current == "ask"
        assert app.focused is screen.source


async def test_a_pasted_text_cannot_drive_the_terminal() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, "llama-server -m /m/\x1b[31mred.gguf --alias a\x07b")
        assert screen.source.text == "llama-server -m /m/red.gguf --alias ab"


def test_a_path_is_completed_as_a_shell_does(tmp_path: Path) -> None:
    for name in ("alpha-1.kcpps", "alpha-2.kcpps", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "beta dir").mkdir()
    complete = profile_import_work.complete
    both = complete(f"{tmp_path}/al")
    assert both == (f"{tmp_path}/alpha-", ("alpha-1.kcpps", "alpha-2.kcpps"))
    assert complete(f"{tmp_path}/alpha-1") == (f"{tmp_path}/alpha-1.kcpps", ())
    assert complete(f"{tmp_path}/be") == (f"{tmp_path}/beta dir/", ())
    assert complete(f"{tmp_path}/.h") == (f"{tmp_path}/.hidden", ())
    assert complete(f"{tmp_path}/none") == (f"{tmp_path}/none", ())
    assert complete("llama-server -m x") == ("llama-server -m x", ())
    assert complete("one\ntwo") == ("one\ntwo", ())


@pytest.mark.parametrize("spelled", ["{}", "'{}'", "{escaped}"])
def test_a_path_with_spaces_is_found_as_a_terminal_drops_it(tmp_path: Path, spelled: str) -> None:
    file = tmp_path / "my tale.kcpps"
    file.write_text(json.dumps(KCPPS))
    text = spelled.format(file, escaped=str(file).replace(" ", "\\ "))
    assert profile_import_work.read(text)[0].profile.values["ctx_size"] == 4096


async def exporting(app: TermaiApp, pilot: Pilot[int], profile: Profile) -> ExportScreen:
    save_profile(profile)
    await pilot.press("r")
    await until(pilot, lambda: "yours" in screen_text(app))
    await pilot.press("home", "o")
    await until(pilot, lambda: isinstance(app.screen, ExportScreen))
    assert isinstance(app.screen, ExportScreen)
    return app.screen


async def test_an_export_is_shown_with_what_it_lacks_and_saved_where_one_says(
    tmp_path: Path,
) -> None:
    profile = Profile(name="tale").with_values(path="/m/tale.gguf", ctx_size=4096, cache_reuse=256)
    target = tmp_path / "out.kcpps"
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        screen = await exporting(app, pilot, profile)
        await until(pilot, lambda: '"contextsize": 4096' in screen_text(app))
        assert "Left out: " in screen_text(app)
        assert "cache_reuse" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is screen.path)
        assert screen.path.value.endswith("tale.kcpps")
        screen.path.value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))
        assert json.loads(target.read_text())["contextsize"] == 4096


async def test_an_export_replaces_a_file_only_after_asking(tmp_path: Path) -> None:
    target = tmp_path / "out.kcpps"
    target.write_text("precious")
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        screen = await exporting(app, pilot, Profile(name="tale").with_values(path="/m/t.gguf"))
        await until(pilot, lambda: "model_param" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is screen.path)
        screen.path.value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "Replace the file?" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert target.read_text() == "precious"
        screen.path.value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: "directory" in screen_text(app))
        screen.path.value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "Replace the file?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "model_param" in target.read_text())


async def test_the_whole_path_is_shown_before_anything_is_written(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        screen = await exporting(app, pilot, Profile(name="tale").with_values(path="/m/t.gguf"))
        await until(pilot, lambda: "model_param" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is screen.path)
        screen.path.value = f"{deep}/"
        shown = screen.query_one(Label)
        await until(pilot, lambda: f"{formats.place(deep)}/tale.kcpps\n" in str(shown.content))
        screen.path.value = "t.kcpps"
        here = formats.place(Path.cwd() / "t.kcpps")
        await until(pilot, lambda: f"{here}\n" in str(shown.content))
        await pilot.press("escape")
        assert "\n" not in str(shown.content)


async def test_a_directory_to_export_to_is_completed_with_the_name(tmp_path: Path) -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        screen = await exporting(app, pilot, Profile(name="tale").with_values(path="/m/t.gguf"))
        await until(pilot, lambda: "model_param" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.focused is screen.path)
        screen.path.value = f"{tmp_path}/"
        await pilot.press("enter")
        await until(pilot, lambda: "tale.kcpps" in toasts(app))
        assert "model_param" in (tmp_path / "tale.kcpps").read_text()


async def test_every_format_is_shown_or_says_why_not() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        screen = await exporting(app, pilot, Profile(name="t").with_values(path="builtin:smoke"))
        await until(pilot, lambda: screen.table.chosen)
        seen = []
        while screen.table.chosen not in seen:
            seen.append(screen.table.chosen)
            await until(pilot, lambda: screen.written is not None, what=screen.table.chosen)
            assert screen.written is not None
            assert screen.written.exported.text
            await pilot.press("down")
            await pilot.pause()
        assert {"koboldcpp", "llama-server", "shell", "systemd"} <= set(seen)


async def test_flags_that_the_engine_lost_are_named_and_one_key_updates_them() -> None:
    profile = Profile(name="old").with_values(path="builtin:smoke")
    save_profile(replace(profile, args={"llama-server": ("--draft-max", "8")}))
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "yours" in screen_text(app))
        await pilot.press("home", "f")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen))
        await until(pilot, lambda: "u updates the profile" in screen_text(app))
        assert "instead: load.spec_draft_n_max" in screen_text(app)
        assert load_profile("old").args
        await pilot.press("u")
        await until(pilot, lambda: "old was updated" in toasts(app))
        assert load_profile("old").args == {}
        assert load_profile("old").values["spec_draft_n_max"] == 8
        await pilot.press("f")
        await until(pilot, lambda: "knows every flag of it" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))


@pytest.mark.slow
async def test_a_start_with_flags_that_were_removed_offers_the_update_and_goes_on(
    tiny: Profile,
) -> None:
    save_profile(replace(tiny, args={"llama-server": ("--draft-max", "8")}))
    async with opened("profiles", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "▸ tiny" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: "u updates the profile" in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: [str(s.state) for s in app.servers] == ["ready"])
        assert app.current_mode == "servers"
        assert load_profile("tiny").args == {}


@pytest.mark.slow
async def test_an_imported_line_starts_with_what_it_said(tiny: Profile) -> None:
    path, port = tiny.values["path"], tiny.values["port"]
    line = f"llama-server -m {path} -c 512 --port {port} -t 1 --no-warmup -np 1"
    async with opened("profiles", size=LARGE) as (app, pilot):
        screen = await importing(app, pilot)
        await paste(screen, pilot, line)
        await pilot.press("enter")
        await until(pilot, lambda: "▸ [x]" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))
        await until(pilot, lambda: "▸ tiny-2" in screen_text(app))
        await pilot.press("s")
        await until(pilot, lambda: [str(s.state) for s in app.servers] == ["ready"])
        assert app.servers[0].profile == "tiny-2"
        assert app.servers[0].port == port
