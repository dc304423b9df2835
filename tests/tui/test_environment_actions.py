"""Environment: proving the engines, freeing GPU memory, and the live machine."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from termai import hardware
from termai.doctor.proving import Proof, Target
from termai.engines.base import Detection
from termai.environment import Finding, Verdict
from termai.hardware.holders import Holder
from termai.tui import work
from termai.tui.widgets.model_text import TextPane
from termai.tui.widgets.row_list import RowList
from tests.fakes import nvml
from tests.tui.support import LARGE, opened, screen_text, toasts, until

ENGINE = Finding(
    "llama-server", Verdict.OK, "It can use CUDA0.", version="9212", group="Engines"
)  # fmt: skip
NATIVE = Detection("llama-server", Path("/opt/llama-server"), "9212", devices=("CUDA0",))
TARGETS = (Target(NATIVE, "CPU"), Target(NATIVE, "CUDA0"))
PROOF = Proof(
    "llama-server", "9212", NATIVE.program, "CPU", works=True, load_s=1.25, tokens_per_second=61.2,
    sentence="It loads, and answers rightly.", layers=0, total=4,
)  # fmt: skip
OURS, THEIRS = (
    Holder(0, 10, 5 << 30, "ada", "x", "qwen"),
    Holder(0, 11, 700 << 20, "bob", "blender"),
)


@pytest.fixture(autouse=True)
def _scene(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.install(monkeypatch, nvml.Card())
    monkeypatch.setattr(work, "checks", lambda only=(): (ENGINE,))
    monkeypatch.setattr(work, "holders", lambda: (OURS, THEIRS))


async def test_engines_are_proved_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()

    def prove(targets: tuple[Target, ...]) -> list[Proof]:
        if targets[0].device == "CPU":
            return [PROOF]
        go_on.wait(20)
        return [replace(PROOF, works=False, sentence="Out of memory.", fix="Free some.")]

    monkeypatch.setattr(work, "proof_targets", lambda: TARGETS)
    monkeypatch.setattr(work, "prove", prove)
    async with opened("environment") as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: "✔ works    llama-server on CPU" in screen_text(app))
        assert "ready after 1.2 s, 61 tokens/s" in screen_text(app)
        assert "layers on a GPU" not in screen_text(app)
        await until(pilot, lambda: "◐ loading  llama-server on CUDA0" in screen_text(app))
        go_on.set()
        await until(pilot, lambda: "✖ fails    llama-server on CUDA0" in screen_text(app))
        assert "fix: Free some." in screen_text(app)
        await until(pilot, lambda: "1 of 2 work." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "works    llama" not in screen_text(app))


async def test_a_proof_that_is_left_begins_no_other_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, done = Event(), Event()
    proved: list[str] = []

    def prove(targets: tuple[Target, ...]) -> list[Proof]:
        proved.append(targets[0].device)
        go_on.wait(20)
        done.set()
        return [PROOF]

    monkeypatch.setattr(work, "proof_targets", lambda: TARGETS)
    monkeypatch.setattr(work, "prove", prove)
    async with opened("environment") as (app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: proved == ["CPU"])
        await pilot.press("escape")
        await until(pilot, lambda: "Proof of" not in screen_text(app))
        go_on.set()
        await until(pilot, done.is_set)
        await pilot.pause()
        assert proved == ["CPU"]


async def test_a_server_that_holds_memory_is_stopped_after_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[str] = []
    async with opened("environment") as (app, pilot):
        monkeypatch.setattr(app, "stop_server", stopped.append)
        await pilot.press("x")
        await until(pilot, lambda: "qwen will answer no more" in screen_text(app))
        await pilot.press("n", "x")
        await until(pilot, lambda: "qwen will answer no more" in screen_text(app))
        assert stopped == []
        await pilot.press("y")
        await until(pilot, lambda: stopped == ["qwen"])


async def test_of_several_servers_one_is_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Holder(1, 12, 1 << 30, "ada", "x", "tiny")
    monkeypatch.setattr(work, "holders", lambda: (OURS, replace(OURS, gpu=1), small))
    async with opened("environment") as (app, pilot):
        await pilot.press("x")
        await until(pilot, lambda: "Stop which server?" in screen_text(app))
        assert "10G  qwen" in screen_text(app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "tiny will answer no more" in screen_text(app))


async def test_processes_of_others_are_named_and_not_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "holders", lambda: (THEIRS,))
    async with opened("environment", size=LARGE) as (app, pilot):
        await until(pilot, lambda: "700M  bob blender" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "No server of termai's" in toasts(app))


async def test_the_machine_is_shown_whole_in_a_small_terminal() -> None:
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "GPU 0" in screen_text(app))
        assert "server qwen" not in screen_text(app)
        await pilot.press("m")
        await until(pilot, lambda: "5.0G  server qwen" in screen_text(app))
        await until(pilot, lambda: "net out" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "CHECKS" in screen_text(app))


async def test_a_server_is_stopped_from_the_whole_machine_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[str] = []
    async with opened("environment") as (app, pilot):
        monkeypatch.setattr(app, "stop_server", stopped.append)
        await until(pilot, lambda: "GPU 0" in screen_text(app))
        await pilot.press("m")
        await until(pilot, lambda: "5.0G  server qwen" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "qwen will answer no more" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: stopped == ["qwen"])
        assert "This machine" in screen_text(app)


@pytest.mark.parametrize("size", [(80, 24), LARGE])
async def test_nothing_is_drawn_while_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    still = replace(hardware.sampler.sample(), cpu_percent=5.0)
    looks: list[float] = []

    def look() -> hardware.Snapshot:
        looks.append(1.0)
        return replace(still, load=(float(len(looks)), 1.0, 1.0)) if size[0] < 100 else still

    monkeypatch.setattr(hardware, "snapshot", look)
    monkeypatch.setattr(work, "history", lambda measure, gpu=None: (1.0, 2.0))
    async with opened("environment", size=size) as (app, pilot):
        await until(pilot, lambda: "looking" not in screen_text(app) and "CPU" in screen_text(app))
        await until(pilot, lambda: size == (80, 24) or "server qwen" in screen_text(app))
        drawn: list[object] = []
        monkeypatch.setattr(TextPane, "refresh_lines", lambda self, *_: drawn.append(self))
        monkeypatch.setattr(RowList, "refresh", lambda self, **_: drawn.append(self))
        before = len(looks)
        app.wake.set()
        await until(pilot, lambda: len(looks) > before)
        await pilot.pause()
        assert drawn == []
