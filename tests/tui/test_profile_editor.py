"""The editor in the program: memory moves while one types, clashes are mended, files are kept."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen

from termai.profiles import unsaved
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile, user_path
from termai.tui.app import TermaiApp
from termai.tui.screens.dialogs import Note
from termai.tui.screens.profile_editor import ProfileEditor
from termai.tui.screens.profile_editor_dialogs import LeaveScreen, ProseScreen, RestartScreen
from termai.tui.widgets.profile_form import FieldForm
from termai.tui.widgets.profile_list import FieldList
from termai.tui.widgets.profile_listing import FieldListing
from termai.tui.widgets.profile_panes import FieldHelp, PreviewPane
from termai.tui.widgets.profile_typing import EditLine, WordsLine
from tests.tui import editor_scene
from tests.tui.editor_scene import editing, saved
from tests.tui.support import LARGE, opened, screen_text, toasts, until

KEYSTROKE_S = 0.5
"""Within which memory must have moved on a busy machine of two cores; alone it takes 0.03 s."""


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with editor_scene.machine(monkeypatch):
        yield


def needed(editor: ProfileEditor) -> int:
    """Return the bytes that the panel says, over all devices."""
    assert editor.look is not None
    assert editor.look.preview is not None
    return sum(row.needs for row in editor.look.preview.rows)


def looked_at(editor: ProfileEditor) -> Profile:
    assert editor.look is not None
    return editor.look.profile


def flat(app: TermaiApp) -> str:
    """Return the text of the panel beside the list as one line."""
    lines = (line.partition("│")[2] for line in screen_text(app).splitlines())
    return " ".join(" ".join(lines).split())


async def test_memory_moves_with_every_key_and_comes_back_with_escape() -> None:
    async with editing(saved(), field="ctx_size") as (app, pilot, editor, _):
        before = needed(editor)
        await pilot.press("enter", "1", "6", "k")
        await until(pilot, lambda: looked_at(editor).value("ctx_size") == 16_384)
        assert needed(editor) > before
        assert "+1.9G" in screen_text(app)
        assert not editor.draft.changed
        await pilot.press("escape")
        await until(pilot, lambda: needed(editor) == before)
        assert "+1.9G" not in screen_text(app)


async def test_from_a_key_to_the_panel_takes_less_than_a_blink() -> None:
    async with editing(saved(), field="ctx_size") as (_, pilot, editor, _):
        await pilot.press("enter")
        for number, digit in enumerate("819", 1):
            begun = time.perf_counter()
            await pilot.press(digit)
            wanted = int("819"[:number])
            await until(pilot, lambda: looked_at(editor).value("ctx_size") == wanted)  # noqa: B023
            assert time.perf_counter() - begun < KEYSTROKE_S


async def test_a_clash_is_named_and_one_key_mends_it() -> None:
    profile = saved(cache_type_v="q8_0", cache_type_k="q8_0")
    async with editing(profile, field="flash_attn") as (app, pilot, editor, _):
        assert "✖" not in screen_text(app)
        await pilot.press("right", "right")
        await until(pilot, lambda: "x " in screen_text(app) and "✖*flash_attn" in screen_text(app))
        assert editor.draft.profile.value("flash_attn") == "off"
        await pilot.press("x")
        await until(pilot, lambda: "✖" not in screen_text(app))
        assert editor.draft.profile.value("flash_attn") != "off"


async def test_x_mends_the_clash_of_the_chosen_field_first() -> None:
    profile = saved(threads=64, cache_type_v="q8_0", flash_attn="off")
    async with editing(profile, field="threads") as (_, pilot, editor, _):
        await pilot.press("x")
        await until(pilot, lambda: editor.draft.profile.value("threads") != 64)
        assert editor.draft.profile.value("flash_attn") == "off"


async def test_what_is_typed_is_wrong_in_words_beside_it() -> None:
    async with editing(saved(), field="ctx_size") as (app, pilot, _, _):
        await pilot.press("enter", *"lots")
        await until(pilot, lambda: "✖ expected a whole number from 0" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "✖ expected" not in screen_text(app))


async def test_a_save_writes_what_changed_and_keeps_the_rest_of_the_file() -> None:
    profile = saved()
    path = user_path("long")
    path.write_text(path.read_text().replace("ctx_size", "# more did not fit\nctx_size"))
    profile = load_profile("long")
    async with editing(profile, field="ctx_size") as (app, pilot, editor, returned):
        assert "  saved" in screen_text(app)
        await pilot.press("right")
        await until(pilot, lambda: "• changed" in screen_text(app))
        assert "ctx_size = 4096" in path.read_text()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "  saved" in screen_text(app))
        assert "# more did not fit\nctx_size = 8192" in path.read_text()
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: "ctx_size = 16384" in path.read_text())
        await until(pilot, lambda: not editor.draft.unsaved)
        await pilot.press("escape")
        await until(pilot, lambda: returned)
        assert returned == [load_profile("long")]


async def test_what_is_being_typed_is_saved_too() -> None:
    async with editing(saved(), field="ctx_size") as (_, pilot, editor, _):
        await pilot.press("8", "k", "ctrl+s")
        await until(pilot, lambda: load_profile("long").value("ctx_size") == 8192)
        await until(pilot, lambda: not editor.draft.unsaved)


async def test_undo_and_revert() -> None:
    async with editing(saved(), field="ctx_size") as (_, pilot, editor, _):
        await pilot.press("right", "right", "u")
        assert editor.draft.profile.value("ctx_size") == 8192
        await pilot.press("r")
        assert editor.draft.profile.value("ctx_size") == 4096
        assert not editor.draft.changed
        await pilot.press("u")
        assert editor.draft.profile.value("ctx_size") == 8192


@pytest.mark.parametrize(("key", "context"), [("d", 4096), ("s", 8192)])
async def test_leaving_with_changes_asks_what_becomes_of_them(key: str, context: int) -> None:
    async with editing(saved(), field="ctx_size") as (app, pilot, _, returned):
        await pilot.press("right", "escape")
        await until(pilot, lambda: "long has changes that are not saved." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
        assert returned == []
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        await pilot.press(key)
        await until(pilot, lambda: returned)
        assert load_profile("long").value("ctx_size") == context
        assert returned == [load_profile("long") if key == "s" else None]


async def test_what_was_not_saved_when_the_program_ended_is_there_again() -> None:
    async with editing(saved(), field="ctx_size") as (_, pilot, editor, _):
        await pilot.press("right")
    assert load_profile("long").value("ctx_size") == 4096
    async with editing(load_profile("long"), field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: editor.draft.profile.value("ctx_size") == 8192)
        assert "• changed" in screen_text(app)
        assert "not saved are here again" in toasts(app)
        await pilot.press("r", "escape")
        await until(pilot, lambda: not isinstance(app.screen, ProfileEditor))
    assert unsaved.kept(load_profile("long")) is None


async def test_changes_in_another_program_that_runs_are_told_and_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = saved()
    unsaved.keep(profile.with_values(ctx_size=8192))
    monkeypatch.setattr(unsaved, "_owned_elsewhere", lambda first: True)
    async with editing(profile, field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: "open in another termai too" in toasts(app))
        assert not editor.draft.changed
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ProfileEditor))
    assert unsaved.kept(profile) is not None


async def test_what_is_kept_while_one_edits_is_forgotten_by_a_save_and_by_leaving() -> None:
    async with editing(saved(), field="ctx_size") as (app, pilot, editor, _):
        profile = editor.draft.saved
        await pilot.press("right")
        await until(pilot, lambda: unsaved.kept(profile))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not unsaved.kept(profile))
        profile = load_profile("long")
        await pilot.press("right")
        await until(pilot, lambda: unsaved.kept(profile))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        await pilot.press("d")
        await until(pilot, lambda: not unsaved.kept(profile))


async def test_a_new_profile_is_not_lost_by_leaving() -> None:
    profile = Profile(name="new").with_values(path=str(Path.home() / editor_scene.MODEL))
    async with editing(profile) as (app, pilot, _, returned):
        assert "• not saved yet" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "new is not saved." in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: returned)
        assert returned == [load_profile("new")]


async def test_the_command_is_shown_and_copied() -> None:
    async with editing(saved(), field="ctx_size") as (app, pilot, _, _):
        await pilot.press("right", "right")
        await until(pilot, lambda: "+1.9G" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Note))
        assert "--ctx-size 16384" in app.clipboard
        assert app.clipboard.startswith("/opt/termai/bin/llama-server ")


async def test_the_command_names_variables_and_shows_no_secret() -> None:
    env = {"A": "b c", "HF_TOKEN": "SECRET"}
    save_profile(replace(saved(), env=env))
    async with editing(load_profile("long"), field="env.HF_TOKEN") as (app, pilot, editor, _):
        await until(pilot, lambda: editor.look is not None and editor.look.preview is not None)
        assert "SECRET" not in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Note))
        assert app.clipboard.startswith("A='b c' HF_TOKEN=\"$HF_TOKEN\" /opt/termai/bin/")
        assert "SECRET" not in screen_text(app)


async def test_the_difference_from_what_is_saved() -> None:
    async with editing(saved(), field="ctx_size", size=LARGE) as (app, pilot, _, _):
        await pilot.press("right", "d")
        await until(pilot, lambda: "saved and now" in screen_text(app))
        lines = screen_text(app).splitlines()
        assert any("ctx_size" in line and "4096" in line and "8192" in line for line in lines)


async def test_a_file_changed_by_somebody_else_is_never_overwritten_unasked() -> None:
    path = user_path("long")
    async with editing(saved(), field="ctx_size") as (app, pilot, editor, _):
        theirs = path.read_text().replace("ctx_size = 4096", "ctx_size = 5000")
        path.write_text(theirs)
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        assert path.read_text() == theirs
        await pilot.press("t")
        await until(pilot, lambda: editor.draft.saved.value("ctx_size") == 5000)
        assert path.read_text() == theirs


async def test_what_others_have_written_is_shown_when_one_comes_back() -> None:
    path = user_path("long")
    async with editing(saved(), field="ctx_size") as (app, pilot, editor, _):
        path.write_text(path.read_text().replace("ctx_size = 4096", "ctx_size = 5000"))
        await pilot.press("f4")
        await until(pilot, lambda: app.current_mode == "servers")
        await pilot.press("f3")
        await until(pilot, lambda: editor.draft.profile.value("ctx_size") == 5000)
        assert "changed by somebody else" in toasts(app)
        await pilot.press("right")
        path.write_text(path.read_text().replace("ctx_size = 5000", "ctx_size = 6000"))
        await pilot.press("f4")
        await until(pilot, lambda: app.current_mode == "servers")
        await pilot.press("f3")
        await until(pilot, lambda: "Ctrl+S asks which to keep" in toasts(app))
        assert editor.draft.profile.value("ctx_size") == 8192


async def test_flags_that_the_engine_no_longer_knows_are_told_and_brought_up_to_date() -> None:
    save_profile(Profile(name="old", args={"llama-server": ("--draft", "5")}))
    async with editing(load_profile("old"), field="args.llama-server") as (app, pilot, editor, _):
        await until(pilot, lambda: "no longer knows --draft" in flat(app))
        await pilot.press("x")
        await until(pilot, lambda: "no longer knows" not in flat(app))
        assert editor.draft.profile.args == {}
        assert editor.draft.profile.value("spec_draft_n_max") == 5


async def test_choices_and_long_texts_have_windows_of_their_own() -> None:
    async with editing(saved(), field="cache_type_k") as (app, pilot, editor, _):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        assert "iq4_nl" in screen_text(app)
        await pilot.press("home", "enter")
        await until(pilot, lambda: editor.draft.profile.values.get("cache_type_k") == "f32")
        editor.form.choose("system_prompt")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ModalScreen))
        await pilot.press(*"Be", "enter", *"brief.", "ctrl+s")
        await until(pilot, lambda: editor.draft.profile.value("system_prompt") == "Be\nbrief.")


async def test_a_model_is_picked_from_the_library_with_how_it_fits() -> None:
    async with editing(saved(), field="path") as (app, pilot, editor, _):
        await pilot.press("enter")
        await until(pilot, lambda: "which model?" in screen_text(app))
        await pilot.press(*"mistral")
        await until(pilot, lambda: "Mistral-24B" in screen_text(app))
        await until(pilot, lambda: "Llama" not in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Mistral-24B" in str(editor.draft.profile.value("path")))


async def test_a_path_can_be_typed_as_well() -> None:
    async with editing(saved(), field="path") as (_, pilot, editor, _):
        await pilot.press("t", *"builtin:smoke", "enter")
        await until(pilot, lambda: editor.draft.profile.value("path") == "builtin:smoke")


async def test_a_model_that_is_not_there_is_told_and_the_rest_still_works() -> None:
    async with editing(saved(path="/no/such.gguf"), field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: "such.gguf" in screen_text(app))
        await pilot.press("right")
        assert editor.draft.profile.value("ctx_size") == 8192
        await pilot.press("y")
        await until(pilot, lambda: toasts(app))


async def test_in_a_small_terminal_memory_is_a_line_above_the_fields() -> None:
    async with editing(saved(), size=(40, 12), field="ctx_size") as (app, pilot, _, _):
        await until(pilot, lambda: "RTX 4090" in screen_text(app).splitlines()[2])
        assert "ctx_size" in screen_text(app)
        await pilot.resize_terminal(200, 50)
        await until(pilot, lambda: "needed/free" in screen_text(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "needed/free" in screen_text(app))
        assert "ctx_size" in screen_text(app)


async def test_it_is_laid_out_for_the_terminal_from_the_first_picture() -> None:
    async with opened("profiles", size=(200, 50)) as (app, pilot):
        editor = ProfileEditor(saved(), "ctx_size")
        app.push_screen(editor)
        await until(pilot, lambda: editor.look is not None)
        pane = editor.query_one("#help")
        assert editor.has_class("-wide")
        assert pane.virtual_size.width < 100
        assert "lower it first" in " ".join(screen_text(app).split())


async def test_all_about_a_field_can_be_read_where_there_is_little_room() -> None:
    profile = saved(threads=64, cache_type_v="q8_0", flash_attn="off")
    async with editing(profile, size=(40, 12), field="numa") as (app, pilot, editor, _):
        await until(pilot, lambda: len(editor.flaws) > 1)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, Note))
        assert "Escape closes" in screen_text(app)
        await pilot.press("end")
        await until(pilot, lambda: "▲" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))


async def test_text_of_a_profile_cannot_drive_the_terminal() -> None:
    evil = "a\x1b]0;owned\x07\x1b[31mb [bold]c"
    profile = Profile(name="x", description=evil, env={"A": evil}).with_values(alias="[red]d")
    async with editing(profile) as (app, pilot, _, _):
        await pilot.press("a", "home")
        shown = screen_text(app)
        await pilot.press("end")
        await until(pilot, lambda: "env A" in screen_text(app))
        shown += screen_text(app)
        assert "\x1b" not in shown
        assert "owned" not in shown
        assert "ab [bold]c" in shown


@pytest.mark.parametrize(
    "owner",
    [
        *(ProfileEditor, FieldForm, FieldListing, FieldList, EditLine, WordsLine),
        *(ProseScreen, LeaveScreen, RestartScreen),
    ],
)
def test_every_key_has_an_id_and_a_tooltip(owner: type[DOMNode]) -> None:
    bindings = [binding for binding in owner.BINDINGS if isinstance(binding, Binding)]
    assert len(bindings) == len(owner.BINDINGS) > 1
    assert not [binding for binding in bindings if not binding.id or not binding.tooltip]


async def test_what_stands_beside_the_list_scrolls_by_keys() -> None:
    values = {"threads": 999, "mlock": True, "n_cpu_moe": 9, "rope_scale": 2, "kv_unified": False}
    async with editing(saved(**values), size=(80, 24), field="ctx_size") as (_, pilot, editor, _):
        pane = editor.query_one(PreviewPane)
        await until(pilot, lambda: pane.max_scroll_y > 0)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: pane.scroll_offset.y > 0)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: pane.scroll_offset.y == 0)


async def test_the_help_scrolls_by_the_same_keys_where_there_is_nothing_beside() -> None:
    async with editing(saved(), size=(40, 14), field="ctx_size") as (_, pilot, editor, _):
        text = editor.query_one(FieldHelp)
        assert not editor.query_one(PreviewPane).display
        await until(pilot, lambda: text.max_scroll_y > 0)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: text.scroll_offset.y > 0)
