"""The Library tab: what is listed, filtered, told, removed and started."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from termai import settings
from termai.paths import models_dir
from termai.profiles.store import list_profiles
from termai.tui import model_work
from termai.tui.app import TermaiApp
from termai.tui.screens.models import ModelsScreen
from tests.tui.model_files import QWEN3_8B, TINY
from tests.tui.support import LARGE, opened, screen_text, toasts, until

OURS = "org/Tiny-GGUF/Tiny-Q4_K_M.gguf"
THEIRS = "pub/Other-GGUF/Other-Q4_K_M.gguf"


@pytest.fixture(autouse=True)
def _no_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from termai.models import stores

    monkeypatch.setattr(stores, "_built_in_dir", lambda: Path.home() / "built-in")


@pytest.fixture
def ours() -> Path:
    """Return a model in termai's own directory."""
    return TINY.write(models_dir() / OURS)


@pytest.fixture
def theirs() -> Path:
    """Return a model of LM Studio's."""
    return replace(TINY, name="Other", architecture="llama").write(
        Path.home() / ".lmstudio/models" / THEIRS
    )


def screen(app: TermaiApp) -> ModelsScreen:
    assert isinstance(app.screen, ModelsScreen)
    return app.screen


def row(app: TermaiApp, text: str) -> str:
    """Return the line of the screen with ``text``, empty when there is none."""
    return next((line for line in screen_text(app).splitlines() if text in line), "")


def is_there(path: Path) -> bool:
    return path.exists()


def remove(path: Path) -> None:
    path.unlink()


async def listed(app: TermaiApp, pilot: Pilot[int], *texts: str) -> None:
    for text in texts:
        await until(pilot, partial(row, app, text), what=text)


async def test_models_are_listed_with_what_their_headers_say(ours: Path, theirs: Path) -> None:
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "Q4_K_M" in row(app, "Other-Q4_K_M"))
        await until(pilot, lambda: "[Library 2]" in screen_text(app))
        assert "32k" in row(app, "Other-Q4_K_M")
        assert "LM Studio" in row(app, "Other-Q4_K_M")
        assert "termai" in row(app, "Tiny-Q4_K_M")
        await pilot.press("end")
        await until(pilot, lambda: "Tiny 20M" in screen_text(app))
        shown = screen_text(app)
        assert "qwen3" in shown
        assert "✔template" in shown


async def test_the_index_is_shown_before_the_disk_is_looked_at(
    ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from termai.models import library
    from termai.tui import model_work

    library.refresh()
    monkeypatch.setattr(model_work, "refresh", lambda tell: library.known())
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M")


async def test_files_that_come_and_go_are_noticed_and_the_chosen_one_stays(
    ours: Path, theirs: Path
) -> None:
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M", "Other-Q4_K_M")
        await pilot.press("end")
        await until(pilot, lambda: screen(app).library.table.chosen == str(ours))
        TINY.write(models_dir() / "org/Another/Another-Q8_0.gguf")
        remove(theirs)
        await pilot.press("r")
        await listed(app, pilot, "Another-Q8_0")
        await until(pilot, lambda: not row(app, "Other-Q4_K_M"))
        assert screen(app).library.table.chosen == str(ours)


async def test_the_filter_takes_words_in_any_order_and_escape_takes_it_away(
    ours: Path, theirs: Path
) -> None:
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M", "Other-Q4_K_M")
        await pilot.press("slash", *"studio oth")
        await until(pilot, lambda: "[Library 1 of 2]" in screen_text(app))
        assert not row(app, "Tiny-Q4_K_M")
        await pilot.press("enter", "d")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("enter")
        await until(pilot, lambda: not app.screen.is_modal)
        await pilot.press("escape")
        await until(pilot, lambda: "[Library 2]" in screen_text(app))
        assert app.focused is screen(app).library.table


async def test_sorting_is_told_and_done(ours: Path, theirs: Path) -> None:
    replace(TINY, layers=40).write(models_dir() / "org/Zebra-GGUF/Zebra-Q4_K_M.gguf")
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Zebra", "Tiny", "Other")
        await until(pilot, lambda: "by name" in screen_text(app))
        text = screen_text(app)
        assert text.index("Other-Q4") < text.index("Tiny-Q4") < text.index("Zebra-Q4")
        await pilot.press("o", "o")
        await until(pilot, lambda: "by size" in screen_text(app))
        text = screen_text(app)
        assert text.index("Zebra-Q4") < text.index("Tiny-Q4")


async def test_removing_asks_says_whose_it_is_and_enter_means_no(theirs: Path) -> None:
    async with opened("models", size=LARGE) as (app, pilot):
        await listed(app, pilot, "Other-Q4_K_M")
        await pilot.press("d")
        await until(pilot, lambda: "Remove the model?" in screen_text(app))
        assert "It belongs to LM Studio" in screen_text(app)
        assert "freed" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: not app.screen.is_modal)
        assert is_there(theirs)
        await pilot.press("delete")
        await until(pilot, lambda: app.screen.is_modal)
        await pilot.press("y")
        await until(pilot, lambda: not is_there(theirs))
        await until(pilot, lambda: "No model files were found" in screen_text(app))


async def test_an_empty_library_says_where_was_looked_and_what_to_do() -> None:
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "No model files were found" in screen_text(app))
        shown = screen_text(app)
        assert ".lmstudio/models" in shown
        assert "2 goes to the Hub" in shown
        assert "smoke" in shown
        await pilot.press("2")
        await until(pilot, lambda: "[Hub]" in screen_text(app))
        await pilot.press("escape", "1")


async def test_half_a_download_and_a_broken_file_say_so_and_are_not_started() -> None:
    half = models_dir() / "org/Half/Half-Q4_K_M.gguf"
    half.parent.mkdir(parents=True)
    half.write_bytes(TINY.header())
    broken = models_dir() / "org/Broken/Broken-Q4_K_M.gguf"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"GGUF\x03\0\0\0" + b"\xff" * 64)
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "✖ broken" in row(app, "Broken-Q4"))
        await until(pilot, lambda: "✖" in row(app, "Half-Q4"))
        for key in ("home", "end"):
            await pilot.press(key)
            await until(pilot, lambda: "It cannot be started." in screen_text(app))
            await pilot.press("enter", "s", "p")
        await pilot.pause()
        assert app.current_mode == "models"
        assert app.servers == ()
        assert all(profile.shipped for profile in list_profiles().profiles)


async def test_a_directory_is_added_after_it_was_checked(tmp_path: Path) -> None:
    TINY.write(tmp_path / "more/deep/Found-Q4_K_M.gguf")
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "No model files were found" in screen_text(app))
        await pilot.press("a", *str(tmp_path / "nowhere"), "enter")
        await until(pilot, lambda: "There is no directory" in screen_text(app))
        await pilot.press(*["backspace"] * len("nowhere"), *"more", "enter")
        await until(pilot, lambda: not app.screen.is_modal)
        await listed(app, pilot, "Found-Q4_K_M")
        assert settings.load().values.model_dirs == (str(tmp_path / "more"),)
        assert "Models are looked for in" in toasts(app)


async def test_inspecting_shows_keys_tensors_and_the_template_on_a_sample(ours: Path) -> None:
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M")
        await pilot.press("i")
        await until(pilot, lambda: "qwen3.block_count" in screen_text(app))
        await pilot.press("slash", *"context", "enter")
        await until(pilot, lambda: "qwen3.block_count" not in screen_text(app))
        assert "32768" in row(app, "qwen3.context_length")
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "32768")
        await pilot.press("escape", "2")
        await until(pilot, lambda: "256 x 4096" in row(app, "token_embd.weight"))
        assert "Q4_K" in row(app, "token_embd.weight")
        await pilot.press("3")
        await until(pilot, lambda: "What is the weather in Bergen?" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.is_modal)


async def test_the_path_can_be_copied(ours: Path) -> None:
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M")
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == str(ours))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_names_and_headers_cannot_drive_the_terminal(size: tuple[int, int]) -> None:
    evil = "\x1b]0;owned\x07\x1b[31mEvil\x9b2J\n[bold]\u202e"
    shape = replace(TINY, name=evil, architecture="qwen3")
    shape.write(models_dir() / "o/e\x1b[31mvil\n[bold]x.gguf")
    async with opened("models", size=size) as (app, pilot):
        await listed(app, pilot, "vil [bold]x")
        await pilot.press("i", "3", "1", "escape", "p", "d")
        await pilot.pause()
        text = screen_text(app)
        assert not set("\x1b\x9b\x07\u202e") & set(text)
        assert "owned" not in text


async def test_a_narrow_terminal_shows_names_and_how_they_fit(ours: Path) -> None:
    async with opened("models", size=(40, 12)) as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M")
        lines = screen_text(app).splitlines()
        assert max(map(len, lines)) <= 40
        assert "Fits" in screen_text(app)


async def test_a_start_that_the_guardrails_refuse_is_asked_about_with_its_way_out() -> None:
    settings.save(memory_guardrails="1 GB")
    QWEN3_8B.write(models_dir() / "Qwen/Qwen3-8B-GGUF/Qwen3-8B-Q4_K_M.gguf")
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Qwen3-8B-Q4_K_M")
        await pilot.press("enter")
        await until(pilot, lambda: "Not enough memory" in screen_text(app))
        assert "more than the 1 GB" in " ".join(screen_text(app).replace("│", " ").split())
        assert "Start it all the same?" in screen_text(app)
        assert "--force" not in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: not app.screen.is_modal)
        assert app.current_mode == "models"
        assert app.servers == ()


async def test_a_profile_is_made_saved_and_named(ours: Path) -> None:
    async with opened("models") as (app, pilot):
        await listed(app, pilot, "Tiny-Q4_K_M")
        await pilot.press("p")
        await until(pilot, lambda: "was made" in toasts(app))
        own = [profile for profile in list_profiles().profiles if not profile.shipped]
        assert len(own) == 1
        assert own[0].name in toasts(app)
        assert own[0].values["path"] == OURS
        await pilot.press("f3")
        await until(pilot, lambda: app.current_mode == "profiles")
        await until(pilot, lambda: f"▸ {own[0].name}" in screen_text(app))


async def test_a_large_library_is_shown_and_filtered_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from termai.models.library import Library
    from termai.models.model_file import ModelFile

    models = tuple(
        ModelFile(Path(f"/m/org/model-{n}-Q4_K_M.gguf"), f"org/model-{n}-Q4_K_M.gguf", n, "termai",
                  read=True, problem="It is not here.")
        for n in range(5000)
    )  # fmt: skip
    monkeypatch.setattr(model_work, "known", lambda: Library(models, complete=True))
    monkeypatch.setattr(model_work, "refresh", lambda tell: Library(models, complete=True))
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "[Library 5000]" in screen_text(app))
        await pilot.press("slash")
        started = time.process_time()
        await pilot.press(*"4999")
        await until(pilot, lambda: "[Library 1 of 5000]" in screen_text(app))
        assert time.process_time() - started < 3.0
