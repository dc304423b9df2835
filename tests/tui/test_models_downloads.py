"""Downloads in Models: seen in the strip, paused and cancelled, and the model started when done."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from termai.jobs import store
from termai.models.downloads import control
from termai.paths import models_dir
from termai.profiles.store import list_profiles
from termai.tui.app import TermaiApp
from termai.tui.screens.models import ModelsScreen
from termai.tui.screens.models_downloads import DownloadsScreen
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub, serving_hub
from tests.models.hub.conftest import FOREIGN, PROXIES
from tests.support import wait_until
from tests.tui.support import opened, screen_text, toasts, until

NAME = "Tiny-Q8_0.gguf"


@pytest.fixture(autouse=True)
def _no_other_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch, no_servers_left: None) -> Iterator[Hub]:
    """Serve a repository with a model that really runs; cancel what is left."""
    with serving_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.add("org/Tiny-GGUF", {NAME: Content(path=tiny_model)}, downloads=7)
        yield hub
        for download in control.list_downloads():
            if download.status.active:
                control.cancel(download)


def row(app: TermaiApp, text: str) -> str:
    return next((line for line in screen_text(app).splitlines() if text in line), "")


async def get(app: TermaiApp, pilot: Pilot[int]) -> None:
    """Search, open the repository, get its only quantization."""
    await pilot.press("2")
    await until(pilot, lambda: isinstance(app.focused, Input))
    await pilot.press(*"tiny", "enter")
    await until(pilot, lambda: row(app, "org/Tiny-GGUF"))
    await pilot.press("enter")
    await until(pilot, lambda: row(app, "Q8_0"))
    await pilot.press("g")


def status() -> str:
    return "".join(str(download.status) for download in control.list_downloads())


async def test_a_download_is_shown_paused_resumed_and_its_model_appears(hub: Hub) -> None:
    hub.files.rate = 50_000
    async with opened("models") as (app, pilot):
        await get(app, pilot)
        await until(pilot, lambda: "Tiny-GGUF:Q8_0" in row(app, "↓"), what="the strip")
        assert "%" in row(app, "Tiny-GGUF:Q8_0")
        await until(pilot, lambda: "K/s" in row(app, "Tiny-GGUF:Q8_0"), what="the rate")
        assert "left" in row(app, "Tiny-GGUF:Q8_0")
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        await pilot.press("space")
        await until(pilot, lambda: "paused" in row(app, "◍"), what="paused")
        assert status() == "paused"
        hub.files.rate = 0
        await pilot.press("space")
        await until(pilot, lambda: row(app, "✔"), what="done")
        await until(pilot, lambda: "is here, verified" in toasts(app))
        assert (models_dir() / "org/Tiny-GGUF" / NAME).is_file()
        await pilot.press("c")
        await until(pilot, lambda: "Nothing was downloaded yet" in screen_text(app))
        await pilot.press("escape", "1")
        await until(pilot, lambda: row(app, "Tiny-Q8_0"), what="the library")


async def test_cancelling_asks_and_enter_means_no(hub: Hub) -> None:
    hub.files.rate = 50_000
    async with opened("models") as (app, pilot):
        await get(app, pilot)
        await until(pilot, lambda: row(app, "↓"))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        await pilot.press("x")
        await until(pilot, lambda: "Cancel the download?" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        assert status() == "running"
        await pilot.press("x")
        await until(pilot, lambda: "Cancel the download?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: status() == "cancelled")


async def test_a_failure_is_told_with_its_reason_and_can_be_tried_again(hub: Hub) -> None:
    repo = hub.repos["org/Tiny-GGUF"]
    content = Content(b"GGUF" + bytes(200_000))
    hub.commit(repo, {NAME: content}, sha256={NAME: "0" * 64})
    async with opened("models") as (app, pilot):
        await get(app, pilot)
        await until(pilot, lambda: "failed; w tells why" in toasts(app), what="the news")
        assert status() == "failed"
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        await until(pilot, lambda: "has the hash" in screen_text(app), what="the reason")
        await pilot.press("x", "y")
        await until(pilot, lambda: status() == "cancelled")


@pytest.mark.slow
async def test_a_finished_download_is_started_with_a_profile_made_for_it(hub: Hub) -> None:
    async with opened("models") as (app, pilot):
        await get(app, pilot)
        await until(pilot, lambda: "is here, verified" in toasts(app))
        await pilot.press("w")
        await until(pilot, lambda: row(app, "✔"), what="the finished download")
        await pilot.press("enter")
        await until(pilot, lambda: [str(s.state) for s in app.servers] == ["ready"])
        assert app.current_mode == "servers"
        own = [p for p in list_profiles().profiles if not p.shipped]
        assert [p.name for p in own] == [app.servers[0].profile]
        assert f"Profile {own[0].name} was made" in toasts(app)
        await pilot.press("f3")
        await until(pilot, lambda: row(app, own[0].name), what="the profile")
        await pilot.press("f2", "1")
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen))
        await until(pilot, lambda: row(app, "Tiny-Q8_0"))
        await pilot.press("enter")
        await until(pilot, lambda: app.current_mode == "servers")
        assert len(app.servers) == 1, "it runs already"


async def test_a_download_of_another_program_is_seen(hub: Hub) -> None:
    from termai.models import hub as hubs

    hub.files.rate = 50_000
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: "by name" in screen_text(app))
        repository = hubs.repository("org/Tiny-GGUF")
        control.add(repository, repository.quantizations[0])
        await until(pilot, lambda: row(app, "Tiny-GGUF:Q8_0"), what="the strip")


async def test_opening_the_program_goes_on_with_what_was_interrupted(hub: Hub) -> None:
    from termai.models import hub as hubs

    hub.files.rate = 50_000
    repository = hubs.repository("org/Tiny-GGUF")
    control.add(repository, repository.quantizations[0])
    wait_until(lambda: status() == "running")
    for job in store.list_jobs():
        for process in (job.state.runner, job.state.child):
            if process is not None:
                os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: status() == "interrupted")
    async with opened("models") as (app, pilot):
        await until(pilot, lambda: status() == "running")
        await until(pilot, lambda: row(app, "Tiny-GGUF:Q8_0"), what="the strip")


async def test_the_library_shows_how_far_a_model_is_and_leaves_it_to_its_download(
    hub: Hub,
) -> None:
    hub.files.rate = 20_000
    async with opened("models") as (app, pilot):
        await get(app, pilot)
        await until(pilot, lambda: row(app, "↓"), what="the strip")
        await pilot.press("1")
        await until(pilot, lambda: "↓ " in row(app, " Tiny-Q8_0"), what="in the library")
        await pilot.press("end")
        await until(pilot, lambda: row(app, "▸ Tiny-Q8_0"))
        assert "%" in row(app, "▸ Tiny-Q8_0")
        await pilot.press("s")
        await until(pilot, lambda: "It is being downloaded; w shows it." in toasts(app))
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard.endswith(NAME))
        await pilot.press("d")
        await until(pilot, lambda: "Cancel the download?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: status() == "cancelled")
