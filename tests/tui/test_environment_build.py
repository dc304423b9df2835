"""Environment: building llama-server, followed, left, stopped and failed."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pytest

from termai.engines.builds import KIND, NAME, Build, Phase
from termai.environment import Finding, Verdict
from termai.errors import NotFoundError
from termai.jobs.records import Job, JobSpec, JobState
from termai.jobs.states import JobStatus
from termai.tui import work
from tests.tui.support import opened, screen_text, toasts, until

ENGINE = Finding("llama-server", Verdict.PROBLEM, "Not found.", "Press b.", group="Engines")
JOB = Job(
    Path("/nowhere"),
    JobSpec("1", KIND, NAME, ("true",), "/", {}, (), 10.0, 1, 0, 0.0, {"gpu": "vulkan"}),
    JobState(JobStatus.RUNNING),
)
BEGUN = Build(JOB, Phase.COMPILING, 40, "ggml-vulkan.cpp", 90.0)


@pytest.fixture(autouse=True)
def _builds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "checks", lambda only=(): (ENGINE,))
    monkeypatch.setattr(work, "running_build", lambda: None)
    monkeypatch.setattr(work, "start_build", lambda gpu: BEGUN)
    monkeypatch.setattr(work, "refreshed_build", lambda build: build)


async def test_a_build_is_chosen_followed_and_its_engine_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted: list[str] = []
    looked: list[object] = []
    now = [BEGUN]

    def start(gpu: str) -> Build:
        wanted.append(gpu)
        return BEGUN

    def checks(only: Collection[str] = ()) -> tuple[Finding, ...]:
        looked.append(only)
        return (ENGINE,)

    monkeypatch.setattr(work, "start_build", start)
    monkeypatch.setattr(work, "checks", checks)
    monkeypatch.setattr(work, "refreshed_build", lambda _: now[0])
    async with opened("environment") as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "Build llama-server for" in screen_text(app))
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: "compiling  after 1m" in screen_text(app))
        assert wanted == ["vulkan"]
        assert " 40%" in screen_text(app)
        assert "ggml-vulkan.cpp" in screen_text(app)
        result = {"program": "/data/engines/new/llama-server"}
        now[0] = replace(BEGUN, phase=Phase.DONE, percent=None, doing="", result=result)
        await until(pilot, lambda: "used from now on" in screen_text(app))
        assert "x stops it" not in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: looked[-1] == ("Engines",))


async def test_the_build_that_runs_is_shown_and_stopped_only_after_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped: list[Build] = []

    def stop(build: Build) -> Build:
        stopped.append(build)
        return replace(build, phase=Phase.STOPPED, percent=None, doing="")

    monkeypatch.setattr(work, "running_build", lambda: BEGUN)
    monkeypatch.setattr(work, "stopped_build", stop)
    async with opened("environment") as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "llama-server for vulkan" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "Stop the build?" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Stop the build?" not in screen_text(app))
        assert stopped == []
        await pilot.press("x", "y")
        await until(pilot, lambda: "○ stopped" in screen_text(app))


async def test_a_build_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = replace(
        BEGUN, phase=Phase.FAILED, problem="The compiler ran out of memory.", fix="Take --jobs 1.",
        detail=("c++: fatal error: Killed",),
    )  # fmt: skip
    monkeypatch.setattr(work, "running_build", lambda: failed)
    async with opened("environment") as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "✖ failed" in screen_text(app))
        assert "fix: Take --jobs 1." in screen_text(app)
        assert "fatal error: Killed" in screen_text(app)


@pytest.mark.parametrize("lines", [1, 30])
async def test_the_keys_of_a_build_are_in_sight_whatever_it_tells(
    monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    failed = replace(BEGUN, phase=Phase.FAILED, problem="Killed.", detail=("c++: error",) * lines)
    monkeypatch.setattr(work, "running_build", lambda: failed)
    async with opened("environment", size=(40, 12)) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "Escape closes" in screen_text(app))


async def test_a_question_about_a_long_command_keeps_its_keys_in_sight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = replace(ENGINE, command="echo " + "word " * 100)
    monkeypatch.setattr(work, "checks", lambda only=(): (long,))
    async with opened("environment", size=(40, 12)) as (app, pilot):
        await until(pilot, lambda: "llama-server" in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "y yes   Enter, n: no" in screen_text(app))
        assert "echo word" in screen_text(app)


async def test_what_is_missing_for_a_build_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(gpu: str) -> Build:
        raise NotFoundError("There is no C++ compiler.", fix="apt install g++")

    monkeypatch.setattr(work, "start_build", missing)
    async with opened("environment") as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "Build llama-server for" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "There is no C++ compiler." in toasts(app))
