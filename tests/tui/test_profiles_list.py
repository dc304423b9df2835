"""The list of profiles: making, copying, renaming, removing, comparing and restoring them."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from termai.errors import UsageError
from termai.paths import data_dir, models_dir, profiles_dir
from termai.profiles import history
from termai.profiles.profile import Profile
from termai.profiles.store import delete_profile, list_profiles, load_profile, save_profile
from termai.tui import profile_actions
from termai.tui.app import TermaiApp
from termai.tui.screens.models_ask import AskChecked
from termai.tui.screens.profile_editor import ProfileEditor
from termai.tui.screens.profiles import ProfilesScreen
from termai.tui.screens.profiles_conflict import ConflictScreen
from termai.tui.screens.profiles_diff import DiffScreen
from termai.tui.screens.profiles_history import HistoryScreen
from termai.tui.screens.profiles_keys import KEYS
from termai.tui.screens.profiles_new import NewScreen
from tests.tui.model_files import TINY
from tests.tui.support import LARGE, opened, screen_text, toasts, until

_KEPT = "Not saved, and kept as it is for when you open it again: mine."
COMMENT = "# mine: keep this line"


@pytest.fixture
def mine() -> Profile:
    """Save a profile of the user's own with a comment in it."""
    save_profile(Profile(name="mine", description="My model").with_values(ctx_size=4096))
    path = profiles_dir() / "mine.toml"
    path.write_text(f"{COMMENT}\n{path.read_text()}")
    return load_profile("mine")


def own() -> list[str]:
    return [profile.name for profile in list_profiles().profiles if not profile.shipped]


def chosen_version(app: TermaiApp) -> history.Version | None:
    assert isinstance(app.screen, HistoryScreen)
    return app.screen.chosen


def kept_text(told: str) -> str:
    """Return what is in the file that a toast names."""
    return Path(told.split("What you wrote is in ")[1].removesuffix(".")).read_text()


async def chosen(app: TermaiApp, pilot: Pilot[int], name: str) -> None:
    """Wait until a row is the chosen one."""
    await until(pilot, lambda: f"▸ {name}" in screen_text(app), what=name)


async def type_name(app: TermaiApp, pilot: Pilot[int], name: str) -> None:
    """Replace the proposed name, as typing does, and press Enter."""
    await until(pilot, lambda: isinstance(app.screen, AskChecked))
    await until(pilot, lambda: isinstance(app.focused, Input))
    await pilot.press(*name, "enter")


async def test_a_profile_for_a_model_takes_three_keys() -> None:
    TINY.write(models_dir() / "org/repo/Tiny-Q8_0.gguf")
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewScreen))
        await until(pilot, lambda: "▸ model    Tiny-Q8_0" in screen_text(app), what="the model")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AskChecked))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor), what="the editor")
        assert own() == ["Tiny-Q8_0"]
        made = load_profile("Tiny-Q8_0")
        assert made.values["path"] == "org/repo/Tiny-Q8_0.gguf"
        assert made.is_set("ctx_size")


async def test_a_template_asks_for_its_model_and_a_name() -> None:
    TINY.write(models_dir() / "org/repo/Tiny-Q8_0.gguf")
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("n")
        await until(pilot, lambda: "Tiny-Q8_0" in screen_text(app))
        await pilot.press(*"long-con")
        await until(pilot, lambda: "▸ template long-context" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "for which model?" in screen_text(app))
        await until(pilot, lambda: "▸ model    Tiny-Q8_0" in screen_text(app))
        await pilot.press("enter")
        await type_name(app, pilot, "books")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        assert load_profile("books").values["path"] == "org/repo/Tiny-Q8_0.gguf"
        assert load_profile("books").values["ctx_size"] == 131072


async def test_escape_makes_nothing_and_takes_the_filter_away_first() -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("n")
        await until(pilot, lambda: "▸ model" in screen_text(app))
        await pilot.press(*"xyz")
        await until(pilot, lambda: "Nothing has these words" in screen_text(app))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: "Nothing has these words" not in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))
        assert own() == []


async def test_duplicate_keeps_comments_under_a_free_name(mine: Profile) -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("d")
        await until(pilot, lambda: "mine-2" in screen_text(app))
        await pilot.press("enter")
        await chosen(app, pilot, "mine-2")
        assert (profiles_dir() / "mine-2.toml").read_text().startswith(COMMENT)


async def test_rename_refuses_a_name_in_use_and_can_be_corrected(mine: Profile) -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("m")
        await type_name(app, pilot, "smoke")
        await until(pilot, lambda: "already a profile smoke" in screen_text(app))
        assert own() == ["mine"]
        for _ in "smoke":
            await pilot.press("backspace")
        await pilot.press(*"other", "enter")
        await chosen(app, pilot, "other")
        assert own() == ["other"]
        assert (profiles_dir() / "other.toml").read_text().startswith(COMMENT)
        assert "renamed" in [version.reason for version in history.versions("other")]


@pytest.mark.parametrize("key", ["x", "delete"])
async def test_what_is_removed_comes_back_with_u(mine: Profile, key: str) -> None:
    before = (profiles_dir() / "mine.toml").read_bytes()
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press(key)
        await until(pilot, lambda: "Removed mine. u brings it back" in toasts(app))
        assert "`termai profiles restore mine`" in " ".join(toasts(app).split())
        await chosen(app, pilot, "cpu-small")
        assert own() == []
        await pilot.press("u")
        await chosen(app, pilot, "mine")
        assert (profiles_dir() / "mine.toml").read_bytes() == before


async def test_profiles_of_termai_stay_as_they_are() -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("x", "m", "u")
        await pilot.pause()
        assert isinstance(app.screen, ProfilesScreen)
        assert toasts(app) == ""
        for action in ("remove", "rename"):
            assert app.screen.check_action(action, ()) is None
        assert app.screen.check_action("undo", ()) is False


async def test_a_file_that_does_not_read_can_be_removed_and_brought_back() -> None:
    path = profiles_dir() / "bad.toml"
    path.parent.mkdir(parents=True)
    path.write_text("ctx = \n")
    async with opened("profiles") as (app, pilot):
        await until(pilot, lambda: "▸ ✖ broken bad" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: not path.exists())
        await until(pilot, lambda: "u brings it back" in toasts(app))
        await pilot.press("u")
        await until(pilot, path.exists)
        assert path.read_text() == "ctx = \n"


async def test_the_filter_looks_at_names_models_and_descriptions(mine: Profile) -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("slash", *"my model")
        await until(pilot, lambda: "cpu-small" not in screen_text(app))
        assert "▸ mine" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "cpu-small" in screen_text(app))


async def test_words_that_come_in_one_burst_with_the_slash_all_arrive() -> None:
    async with opened("profiles") as (app, pilot):
        await until(pilot, lambda: "cpu-small" in screen_text(app))
        for key in ("slash", *"muli", "backspace", *"ti"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        line = app.screen.query_one("#filter", Input)
        await until(pilot, lambda: line.value == "multi", what=line.value)
        await until(pilot, lambda: "cpu-small" not in screen_text(app))
        assert "multi-gpu" in screen_text(app)


async def test_a_difference_to_termais_own_is_shown_by_option_and_by_line() -> None:
    save_profile(load_profile("cpu-small").with_values(ctx_size=2048))
    async with opened("profiles", size=LARGE) as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("v")
        await until(pilot, lambda: "Compare cpu-small with" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        line = next(line for line in screen_text(app).splitlines() if "load.ctx_size" in line)
        assert line.split()[2:4] == ["8192", "2048"]
        await pilot.press("t")
        await until(pilot, lambda: "+ctx_size = 2048" in screen_text(app))
        assert "-ctx_size = 8192" in screen_text(app)


async def test_the_history_shows_versions_and_restores_one(mine: Profile) -> None:
    save_profile(mine.with_values(ctx_size=2048))
    second = history.versions("mine")[1]
    history.mark_ran_well("mine", second.revision, second.saved_at + 1)
    second = history.versions("mine")[1]
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("h")
        await until(pilot, lambda: "This is the profile now" in screen_text(app))
        assert "✔" in screen_text(app), "which ran well"
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(app.screen, HistoryScreen), "what is there already is not restored"
        await pilot.press("down")
        await until(pilot, lambda: chosen_version(app) == second)
        await until(pilot, lambda: "4096" in screen_text(app), what="the difference")
        assert "saved: ctx_size 4096 → 2048" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        await pilot.press("r")
        await until(pilot, lambda: "mine was restored to what it was at" in toasts(app))
        assert load_profile("mine").values["ctx_size"] == 4096
        assert (profiles_dir() / "mine.toml").read_text().startswith(COMMENT)


async def test_the_history_says_what_changed_also_where_little_fits(mine: Profile) -> None:
    save_profile(mine.with_values(ctx_size=2048, top_k=20))
    first = history.versions("mine")[-1]
    history.mark_ran_well("mine", first.revision, first.saved_at + 1)
    history.restore(first)
    async with opened("profiles", size=(40, 12)) as (app, pilot):
        await until(pilot, lambda: "mine" in screen_text(app))
        await pilot.press("home", "h")
        await until(pilot, lambda: "This is the profile now" in screen_text(app))
        assert "✔ restored from" in screen_text(app)
        assert "saved: ctx_size" in screen_text(app)


async def test_restoring_in_the_editor_is_told(mine: Profile) -> None:
    save_profile(mine.with_values(ctx_size=2048))
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        await until(pilot, lambda: "ctx_size" in screen_text(app))
        await pilot.press("h")
        await until(pilot, lambda: "This is the profile now" in screen_text(app))
        await pilot.press("down", "r")
        await until(pilot, lambda: "mine was restored" in toasts(app))


async def test_removing_a_copy_says_that_termais_is_used_again() -> None:
    save_profile(load_profile("cpu-small").with_values(ctx_size=2048))
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await until(pilot, lambda: "yours" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "Removed your cpu-small; termai's is used" in toasts(app))
        assert own() == []
        await pilot.press("u")
        await until(pilot, lambda: own() == ["cpu-small"])


@pytest.mark.parametrize(("key", "size"), [("o", 2048), ("t", 1024), ("escape", 1024)])
async def test_what_somebody_changed_meanwhile_is_asked_about(
    mine: Profile, key: str, size: int
) -> None:
    from termai.tui.profile_actions import save

    async with opened("profiles", size=LARGE) as (app, pilot):
        await chosen(app, pilot, "mine")
        save_profile(mine.with_values(ctx_size=1024))
        saved: list[Profile | None] = []

        async def saving() -> None:
            saved.append(await save(app, mine.with_values(ctx_size=2048)))

        app.run_worker(saving())
        await until(pilot, lambda: isinstance(app.screen, ConflictScreen))
        assert load_profile("mine").values["ctx_size"] == 1024
        await pilot.press("d")
        await until(pilot, lambda: "+ctx_size = 2048" in screen_text(app))
        assert "-ctx_size = 1024" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ConflictScreen))
        await pilot.press(key)
        await until(pilot, lambda: saved)
        assert load_profile("mine").values["ctx_size"] == size
        assert saved == ([None] if key == "escape" else [load_profile("mine")])


async def test_escape_from_a_conflict_after_an_editor_goes_back_to_what_was_written(
    mine: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_with: list[str] = []

    def edit(app: object, argv: Sequence[str], path: Path) -> float:
        """Write another size; meanwhile somebody else saves the profile."""
        opened_with.append(path.read_text())
        path.write_text(opened_with[-1].replace("4096", "2048"))
        if len(opened_with) == 1:
            save_profile(mine.with_values(ctx_size=1024))
        return 5.0

    monkeypatch.setattr(profile_actions, "edit_file", edit)
    monkeypatch.setenv("EDITOR", "true")
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, ConflictScreen))
        await pilot.press("escape")
        await until(pilot, lambda: "Go back to your text" in screen_text(app))
        assert load_profile("mine").values["ctx_size"] == 1024
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, ConflictScreen))
        assert "ctx_size = 2048" in opened_with[1]
        await pilot.press("escape")
        await until(pilot, lambda: "Go back to your text" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "What you wrote is in" in toasts(app))
        assert load_profile("mine").values["ctx_size"] == 1024
        assert "ctx_size = 2048" in kept_text(toasts(app))


async def test_a_long_question_leaves_the_line_and_the_keys_in_a_small_terminal() -> None:
    def refuse(line: str) -> str:
        raise UsageError("This is no name for it. " * 12)

    async with opened("profiles", size=(40, 12)) as (app, pilot):
        app.push_screen(AskChecked("Name", "It comes from a model. " * 12, refuse, value="tale"))
        await until(pilot, lambda: "Enter takes it" in screen_text(app))
        assert "tale" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "This is no name" in screen_text(app))
        assert "Enter takes it" in screen_text(app)
        assert "tale" in screen_text(app)


@pytest.mark.parametrize("changed", [True, False])
async def test_quitting_says_that_unsaved_changes_are_kept(mine: Profile, *, changed: bool) -> None:
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        editor = ProfileEditor(mine, "ctx_size")
        app.push_screen(editor)
        await until(pilot, lambda: app.screen is editor and "4096" in screen_text(app))
        if changed:
            await pilot.press("right")
            await until(pilot, lambda: editor.draft.unsaved)
        await pilot.press("f4")
        await until(pilot, lambda: app.current_mode == "servers")
        await pilot.press("ctrl+q")
        told = " ".join(map(str, app._exit_renderables))
        assert told == (_KEPT if changed else "")


def test_every_key_has_a_name_and_says_what_it_does() -> None:
    bindings = [binding for binding in KEYS if isinstance(binding, Binding)]
    assert len(bindings) == len(KEYS)
    for binding in bindings:
        assert binding.id
        assert binding.id.startswith("profiles.")
        assert binding.tooltip.endswith(".")
        assert hasattr(ProfilesScreen, f"action_{binding.action}")


def _in_footer(app: TermaiApp, text: str) -> bool:
    return text in screen_text(app).splitlines()[-1]


async def test_footer_help_and_palette_show_the_same_keys(mine: Profile) -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        await chosen(app, pilot, "mine")
        for shown in ("⏎ Edit", "s Start", "n New", "i Import", "h History"):
            await until(pilot, partial(_in_footer, app, shown), what=shown)
        names = [binding.description for binding in KEYS if isinstance(binding, Binding)]
        names.remove("Undo")  # there is nothing to undo yet
        await pilot.press("question_mark")
        await until(pilot, lambda: "Escape closes" in screen_text(app))
        told = "".join(str(static.render()) for static in app.screen.query(Static))
        assert [name for name in names if f"{name}." not in told] == []
        await pilot.press("escape")
        await pilot.press("ctrl+p", *"Rename")
        await until(pilot, lambda: "Give the profile another name" in screen_text(app))


async def test_a_profile_removed_long_ago_is_offered_among_what_to_make_one_from(
    mine: Profile,
) -> None:
    delete_profile("mine")
    async with opened("profiles") as (app, pilot):
        await until(pilot, lambda: "No profile of yours yet" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: "▸ model" in screen_text(app))
        await pilot.press(*"removed")
        await until(pilot, lambda: "▸ removed  mine" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        assert (profiles_dir() / "mine.toml").read_text().startswith(COMMENT)


async def test_the_command_is_shown_and_copied() -> None:
    async with opened("profiles", size=LARGE) as (app, pilot):
        await chosen(app, pilot, "cpu-small")
        await pilot.press("end", "c")
        await until(pilot, lambda: "What starting smoke runs" in screen_text(app))
        shown = "".join(screen_text(app).split())
        assert "--model" in app.clipboard
        assert "--ctx-size4096" in shown
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ProfilesScreen))


async def test_a_save_whose_history_fails_is_told_and_kept(mine: Profile) -> None:
    from termai.tui.profile_actions import save

    folder = data_dir() / "profile-history"
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        shutil.rmtree(folder)
        folder.write_text("in the way")

        async def saving() -> None:
            await save(app, mine.with_values(ctx_size=2048))

        app.run_worker(saving())
        await until(pilot, lambda: "istory" in toasts(app), what="the warning")
        assert load_profile("mine").values["ctx_size"] == 2048


async def test_what_was_written_by_hand_is_in_the_history_once_opened(mine: Profile) -> None:
    reasons = [version.reason for version in history.versions("mine")]
    async with opened("profiles") as (app, pilot):
        await chosen(app, pilot, "mine")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ProfileEditor))
        await until(pilot, lambda: len(history.versions("mine")) > len(reasons))
        assert history.versions("mine")[0].revision == mine.revision
