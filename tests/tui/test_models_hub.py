"""The Hub tab against a hub on loopback: searching, opening, fitting, and being refused."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from termai import settings
from termai.errors import UnreachableError
from termai.models.hub.searching import Listed
from termai.models.hub.tokens import token_path
from termai.tui import hub_work
from termai.tui.app import TermaiApp
from termai.tui.hub_work import Found
from termai.tui.screens.models import ModelsScreen
from termai.tui.screens.models_card import CardScreen
from tests.fakes.hub.server import Hub
from tests.models.hub.conftest import FOREIGN, PROXIES
from tests.tui import hub_scene
from tests.tui.support import opened, screen_text, toasts, until


@pytest.fixture(autouse=True)
def _no_other_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_scene.served(tmp_path / "hub") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def screen(app: TermaiApp) -> ModelsScreen:
    assert isinstance(app.screen, ModelsScreen)
    return app.screen


def row(app: TermaiApp, text: str) -> str:
    return next((line for line in screen_text(app).splitlines() if text in line), "")


async def search(app: TermaiApp, pilot: Pilot[int], words: str, finds: str) -> None:
    """Go to the Hub tab and search."""
    await pilot.press("2")
    await until(pilot, lambda: isinstance(app.focused, Input))
    await pilot.press(*words, "enter")
    await until(pilot, lambda: row(app, finds), what=finds)


async def open_tiny(app: TermaiApp, pilot: Pilot[int]) -> None:
    await search(app, pilot, "tiny", "org/Tiny-GGUF")
    await pilot.press("enter")
    await until(pilot, lambda: row(app, "BF16"), what="quantizations")


async def test_a_search_lists_what_the_hub_says_most_downloaded_first(hub: Hub) -> None:
    async with opened("models", size=(100, 24)) as (app, pilot):
        await search(app, pilot, "", "org/Tiny-GGUF")
        text = screen_text(app)
        assert "[Hub 3]" in text
        assert text.index("Qwen/") < text.index("meta/") < text.index("org/Tiny")
        assert "8.2B" in row(app, "Qwen/Qwen3-8B-GGUF")
        assert "123k" in row(app, "Qwen/Qwen3-8B-GGUF")
        assert "apache-2.0" in row(app, "Qwen/Qwen3-8B-GGUF")
        assert "gated" in row(app, "meta/Gated-GGUF")
        assert hub.asked[-1].query["filter"] == ["gguf"]


async def test_sorting_asks_again_in_another_order(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await search(app, pilot, "gguf", "org/Tiny-GGUF")
        for name, key in (("likes", "likes"), ("trending", "trendingScore")):
            await pilot.press("o")
            await until(pilot, lambda name=name: f"by {name}" in screen_text(app))  # type: ignore[misc]
            await until(pilot, lambda key=key: hub.asked[-1].query.get("sort") == [key])  # type: ignore[misc]


async def test_an_older_search_never_replaces_a_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, returned = threading.Event(), threading.Event()

    def slow(query: str, sort: str) -> Found:
        if query == "old":
            assert released.wait(20)
            returned.set()
        return Found((Listed(f"org/{query}"),))

    monkeypatch.setattr(hub_work, "search", slow)
    async with opened("models") as (app, pilot):
        await pilot.press("2", *"old", "enter")
        await until(pilot, lambda: "searching" in screen_text(app))
        await pilot.press(*["backspace"] * 3, *"new", "enter")
        await until(pilot, lambda: row(app, "org/new"))
        released.set()
        await until(pilot, returned.is_set)
        await pilot.pause(0.1)
        assert row(app, "org/new")
        assert not row(app, "org/old")


async def test_quantizations_show_class_size_fit_and_the_best(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await open_tiny(app, pilot)
        await until(pilot, lambda: "best" in row(app, "Q8_0"))
        assert "full" in row(app, "BF16")
        assert "low" in row(app, "Q4_K_M ")
        await until(pilot, lambda: "~" not in row(app, "Q8_0"), what="fits from a header")
        await until(pilot, lambda: "8k" in row(app, "(v)"), what="the curve")
        assert "Best here: Q8_0 is" in " ".join(screen_text(app).split())
        await pilot.press("v")
        await until(pilot, lambda: "Memory against context" in screen_text(app))
        assert "q8_0" in screen_text(app)
        await pilot.press("escape", "y")
        await until(pilot, lambda: app.clipboard == "org/Tiny-GGUF")
        await pilot.press("escape")
        await until(pilot, lambda: row(app, "org/Tiny-GGUF") and not row(app, "BF16"))


async def test_the_card_is_readable_and_its_links_lead_nowhere(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await open_tiny(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await until(pilot, lambda: "A tiny model to test with." in screen_text(app))
        assert "license:" not in screen_text(app)
        await pilot.press("j", "k", "escape")
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen))


async def test_a_gated_repository_says_what_to_accept_and_a_token_opens_it(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await search(app, pilot, "gated", "meta/Gated-GGUF")
        await pilot.press("enter")
        await until(pilot, lambda: "accept its conditions at" in screen_text(app))
        assert f"{hub.url}/meta/Gated-GGUF" in "".join(screen_text(app).split())
        await pilot.press("t", *"hf_bad", "enter")
        await until(pilot, lambda: "does not accept the token" in screen_text(app))
        assert "hf_bad" not in screen_text(app)
        assert not token_path().exists()
        await pilot.press(*["backspace"] * 3, *"good", "enter")
        await until(pilot, lambda: "knows you as ada" in toasts(app))
        assert token_path().read_text().strip() == "hf_good"
        assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
        await until(pilot, lambda: "~" not in row(app, "Q4_K_M ") and "best" in row(app, "Q4_K_M "))


async def test_offline_mode_is_told_at_once_and_the_hub_is_left_alone(hub: Hub) -> None:
    settings.save(hub_offline=True)
    async with opened("models") as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "The hub is not asked" in screen_text(app))
        assert "hub_offline" in screen_text(app)
        await pilot.press("escape", "1")
        await until(pilot, lambda: "[Library" in screen_text(app), what="back by the keyboard")
        await pilot.press("2", "slash")
        await pilot.press(*"x", "enter")
        await until(pilot, lambda: "searching" not in screen_text(app))
        assert "The hub is not asked" in screen_text(app)
        assert hub.asked == []


async def test_a_hub_that_cannot_be_reached_is_told_where_the_results_would_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(query: str, sort: str) -> Found:
        raise UnreachableError("hub.test cannot be reached: no route.", fix="Check the network.")

    monkeypatch.setattr(hub_work, "search", refused)
    async with opened("models") as (app, pilot):
        await pilot.press("2", "enter")
        await until(pilot, lambda: "hub.test cannot be reached" in screen_text(app))
        assert "Check the network." in screen_text(app)
        assert toasts(app) == ""


async def test_nothing_found_and_a_repository_that_is_gone_are_told(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await search(app, pilot, "zzz", "Nothing with GGUF files matches")
        await pilot.press(*["backspace"] * 3, *"tiny", "enter")
        await until(pilot, lambda: row(app, "org/Tiny-GGUF"))
        hub.repos.clear()
        await pilot.press("enter")
        await until(
            pilot, lambda: "org/Tiny-GGUF" in screen_text(app) and "hub" in screen_text(app)
        )
        await until(pilot, lambda: "asking the hub" not in screen_text(app))
        assert screen(app).hub.repository.query_one("#state").has_class("-problem")


async def test_names_from_the_hub_cannot_drive_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evil = "\x1b]0;owned\x07\x1b[31mev\x9bil\u202e[bold]"
    found = Found((Listed(f"org/{evil}", licence=evil, updated=evil, architecture=evil),))
    monkeypatch.setattr(hub_work, "search", lambda query, sort: found)
    monkeypatch.setattr(hub_work, "card", lambda repo: f"# {evil}\n\n[x](javascript:1) `{evil}`")
    async with opened("models") as (app, pilot):
        await search(app, pilot, "", "org/")
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await pilot.pause()
        shown = screen_text(app)
        await pilot.press("escape", "y")
        await pilot.pause()
        shown += screen_text(app)
        assert not set("\x1b\x9b\x07\u202e") & set(shown)
        assert "owned" not in shown


async def test_the_hub_is_usable_in_a_narrow_terminal(hub: Hub) -> None:
    async with opened("models", size=(40, 12)) as (app, pilot):
        await open_tiny(app, pilot)
        await until(pilot, lambda: "in RAM" in row(app, "BF16"))
        assert max(map(len, screen_text(app).splitlines())) <= 40
