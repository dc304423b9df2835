"""What s does while somebody else writes the file, while the server runs, with flags gone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.screen import ModalScreen

from termai.paths import jobs_dir
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile, user_path
from termai.servers.records import Server
from termai.tui import profile_look, work
from termai.tui.screens import profile_editor_view
from termai.tui.screens.profile_editor_dialogs import RestartScreen
from tests.tui import editor_scene
from tests.tui.editor_scene import editing
from tests.tui.support import SMALL, screen_text, toasts, until

SCENE = "qwen3-8b"  # runs in it


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with editor_scene.machine(monkeypatch):
        yield


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Profile, bool]]:
    """Return what is started, and whether that is a restart, in place of doing it."""
    calls: list[tuple[Profile, bool]] = []

    def start(profile: Profile, *, force: bool = False) -> Server:
        calls.append((profile, False))
        return work.servers()[0]

    def restart(server: Server, profile: Profile, *, force: bool = False) -> Server:
        calls.append((profile, True))
        return server

    monkeypatch.setattr(work, "start", start)
    monkeypatch.setattr(profile_look, "restart", restart)
    return calls


def running(args: tuple[str, ...] = (), **more: Any) -> Profile:
    """Return a saved profile that runs as it is on disk, but for ``args``."""
    values = {"path": str(Path.home() / editor_scene.MODEL), "ctx_size": 4096, "port": 8080, **more}
    (spec,) = jobs_dir().glob(f"*{SCENE}/spec.json")
    recorded = json.loads(spec.read_text())
    recorded["meta"]["values"] = values
    spec.write_text(json.dumps(recorded))
    given = {"llama-server": args} if args else {}
    save_profile(Profile(name=SCENE, args=given).with_values(**values))
    return load_profile(SCENE)


def others_write(name: str, before: str, after: str) -> None:
    path = user_path(name)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


async def test_what_somebody_else_writes_is_noticed_while_nobody_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(profile_editor_view, "POLL_S", 0.05)
    async with editing(editor_scene.saved(), field="ctx_size") as (app, pilot, editor, _):
        others_write("long", "ctx_size = 4096", "ctx_size = 768")
        await until(pilot, lambda: editor.draft.profile.value("ctx_size") == 768)
        assert "768 tokens" in screen_text(app)
        assert toasts(app).count("changed by somebody else") == 1
        await pilot.press("u")
        assert editor.draft.profile.value("ctx_size") == 4096


async def test_r_goes_back_to_what_is_on_disk_now() -> None:
    async with editing(editor_scene.saved(), field="ctx_size") as (_, pilot, editor, _):
        await pilot.press("right")
        others_write("long", "ctx_size = 4096", "ctx_size = 768")
        await pilot.press("r")
        await until(pilot, lambda: editor.draft.profile.value("ctx_size") == 768)
        assert not editor.draft.changed


async def test_s_starts_what_is_on_disk_now(started: list[tuple[Profile, bool]]) -> None:
    async with editing(editor_scene.saved(), field="ctx_size") as (_, pilot, _, _):
        others_write("long", "ctx_size = 4096", "ctx_size = 768")
        await pilot.press("s")
        await until(pilot, lambda: started)
        assert started[0][0].value("ctx_size") == 768


async def test_s_says_what_somebody_else_changed_before_it_restarts(
    started: list[tuple[Profile, bool]],
) -> None:
    async with editing(running(), field="ctx_size") as (app, pilot, _, _):
        await until(pilot, lambda: app.servers)
        others_write(SCENE, "ctx_size = 4096", "ctx_size = 768")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        assert "load.ctx_size: 4096 → 768" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: started)
        assert started[0][0].value("ctx_size") == 768


async def test_nothing_is_asked_where_somebody_else_has_written_the_same() -> None:
    async with editing(editor_scene.saved(), field="ctx_size") as (app, pilot, editor, _):
        await pilot.press("right")
        others_write("long", "ctx_size = 4096", "ctx_size = 8192")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not editor.draft.unsaved)
        assert not isinstance(app.screen, ModalScreen)
        assert editor.draft.saved == load_profile("long")


async def test_a_restart_is_asked_about_before_the_file_is_written(
    started: list[tuple[Profile, bool]],
) -> None:
    async with editing(running(), field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: app.servers)
        await pilot.press("right", "s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        assert load_profile(SCENE).value("ctx_size") == 4096
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
        assert editor.draft.changed
        assert load_profile(SCENE).value("ctx_size") == 4096
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        await pilot.press("enter")
        await until(pilot, lambda: started)
        assert load_profile(SCENE).value("ctx_size") == 8192
        assert started[0] == (load_profile(SCENE), True)


async def test_a_restart_that_cannot_work_is_not_offered_and_can_be_mended(
    started: list[tuple[Profile, bool]],
) -> None:
    async with editing(running(("--draft", "5")), field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: app.servers)
        await pilot.press("right", "s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        shown = screen_text(app)
        assert "no longer knows --draft" in " ".join(shown.split())
        assert "y restart" not in shown
        await pilot.press("y", "enter")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
        assert (started, editor.draft.changed) == ([], True)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        await pilot.press("x")
        await until(pilot, lambda: not editor.draft.profile.args)
        assert "spec_draft_n_max" in toasts(app)
        assert (started, load_profile(SCENE).value("ctx_size")) == ([], 4096)


async def test_a_start_that_cannot_work_is_not_tried(
    started: list[tuple[Profile, bool]],
) -> None:
    profile = replace(editor_scene.saved(), args={"llama-server": ("--draft", "5")})
    async with editing(profile, field="ctx_size") as (app, pilot, _, _):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        assert "long cannot be started like this" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
        assert started == []


async def test_a_restart_that_may_fail_is_named_and_takes_more_than_enter(
    started: list[tuple[Profile, bool]],
) -> None:
    profile = running(cache_type_v="q8_0", cache_type_k="q8_0")
    async with editing(profile, field="flash_attn") as (app, pilot, _, _):
        await until(pilot, lambda: app.servers)
        await pilot.press("left", "s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        assert "✖" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, ModalScreen))
        assert started == []


@pytest.mark.parametrize("size", [(40, 12), SMALL])
async def test_the_keys_of_the_question_are_there_in_any_window(size: tuple[int, int]) -> None:
    profile = replace(editor_scene.saved(), args={"llama-server": ("--draft", "5", "--none", "3")})
    async with editing(profile, size=size, field="ctx_size") as (app, pilot, _, _):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, RestartScreen))
        await until(pilot, lambda: "Escape goes back" in screen_text(app))
        assert "x mends the first" in screen_text(app)
        await pilot.press("end")
        await until(pilot, lambda: "Remove --none 3." in " ".join(screen_text(app).split()))


async def test_what_needs_no_restart_is_saved_without_a_question(
    started: list[tuple[Profile, bool]],
) -> None:
    async with editing(running(), field="temperature") as (app, pilot, _, _):
        await until(pilot, lambda: app.servers)
        await pilot.press(*"0.3", "enter", "s")
        await until(pilot, lambda: "from the next message on: temperature" in toasts(app))
        assert load_profile(SCENE).value("temperature") == 0.3
        assert not isinstance(app.screen, ModalScreen)
        assert started == []


async def test_x_says_what_it_changed() -> None:
    profile = editor_scene.saved(cache_type_v="q8_0", cache_type_k="q8_0", flash_attn="off")
    async with editing(profile, field="flash_attn") as (app, pilot, _, _):
        await until(pilot, lambda: "✖" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "flash_attn: off → auto, the default." in toasts(app))


async def test_an_unknown_flag_can_be_taken_out_by_the_one_who_asks_for_it() -> None:
    args = ("--slots", "--no-such-flag", "3", "--also-none=4")
    profile = replace(editor_scene.saved(), args={"llama-server": args})
    async with editing(profile, field="ctx_size") as (app, pilot, editor, _):
        await until(pilot, lambda: "x Remove --no-such-flag 3." in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "x Remove --also-none=4." in screen_text(app))
        assert "args.llama-server" in toasts(app)
        await pilot.press("x")
        await until(pilot, lambda: "Remove" not in screen_text(app))
        assert editor.draft.profile.args == {"llama-server": ("--slots",)}
        await pilot.press("u", "u")
        assert editor.draft.profile.args == {"llama-server": args}


async def test_saving_one_of_termai_s_own_says_that_it_is_a_copy() -> None:
    async with editing(load_profile("cpu-small"), field="ctx_size") as (app, pilot, editor, _):
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: not editor.draft.unsaved)
        await until(pilot, lambda: "your own copy, used in place of termai's" in toasts(app))
