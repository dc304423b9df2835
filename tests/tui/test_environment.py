"""Environment: findings as they arrive, what is folded, and mending what was found."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from threading import Event

import pytest

from termai.environment import Finding, Verdict
from termai.tui import command_program, environment_rows, work
from termai.tui.app import TermaiApp
from termai.tui.screens.environment import EnvironmentScreen
from tests.fakes import nvml
from tests.tui.support import LARGE, opened, screen_text, toasts, until

GIT = Finding("git", Verdict.OK, "Fetches programs.", version="2.39.5", group="Programs")
HIPCC = Finding("hipcc", Verdict.NOT_NEEDED, "No AMD GPU is here.", group="Programs")
ENGINE = Finding(
    "llama-server", Verdict.PROBLEM, "Not found: no model can be run.", "run `make run`",
    group="Engines",
)  # fmt: skip
NODE = Finding(
    "node", Verdict.WARNING, "Not found.", "Install it: `apt install nodejs`.",
    cause="Nothing has installed it.", command="apt install nodejs", group="Programs",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    nvml.install(monkeypatch, nvml.Card())


def found(monkeypatch: pytest.MonkeyPatch, *findings: Finding) -> None:
    def checks(only: Collection[str] = ()) -> list[Finding]:
        return [one for one in findings if not only or one.group in only]

    monkeypatch.setattr(work, "checks", checks)


def rows(app: TermaiApp) -> list[str | None]:
    screen = app.screen
    assert isinstance(screen, EnvironmentScreen)
    return [option.id for option in screen.findings.options]


async def test_findings_are_shown_in_words_problems_first_and_the_fix_can_be_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, GIT, NODE, ENGINE, HIPCC)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "looking" not in screen_text(app))
        shown = screen_text(app)
        assert "✖ 1 problem " in shown
        assert "▲ 1 warning " in shown
        assert "· 1 not needed" in shown
        assert "fix: run `make run`" in shown
        order = [shown.index(word) for word in ("✖ problem    llama", "node", "git 2.39.5")]
        assert order == sorted(order)
        assert "busy 63%" in shown
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "run `make run`")
        await until(pilot, lambda: "Else mark it here." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Else mark it" not in screen_text(app))
        await pilot.press("down")
        await until(pilot, lambda: "why: Nothing has installed it." in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == "apt install nodejs")


async def test_what_is_not_needed_is_folded_until_its_group_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only_unneeded = replace(HIPCC, name="Intel GPU", group="GPU")
    found(monkeypatch, GIT, HIPCC, only_unneeded)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "Programs 2" in screen_text(app))
        assert "· not needed GPU 1" in screen_text(app)
        assert "1 not needed · git 2.39.5" in screen_text(app)
        await pilot.press("end", "enter")
        opened_rows = ["group:GPU", "group:Programs", "git", "hipcc"]
        await until(pilot, lambda: rows(app) == opened_rows)
        await pilot.press("enter")
        await until(pilot, lambda: rows(app) == opened_rows[:2])


async def test_findings_are_shown_as_they_arrive_with_the_worst_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more, last = Event(), Event()

    def checks(only: Collection[str] = ()) -> Iterator[Finding]:
        yield GIT
        more.wait(20)
        yield ENGINE
        last.wait(20)
        yield NODE

    monkeypatch.setattr(work, "checks", checks)
    async with opened("environment") as (app, pilot):
        screen = app.screen
        assert isinstance(screen, EnvironmentScreen)
        await until(pilot, lambda: "git 2.39.5" in screen_text(app))
        assert "looking" in screen_text(app)
        more.set()
        await until(pilot, lambda: screen.findings.selected == "llama-server")
        assert "looking" in screen_text(app)
        await pilot.press("down")
        last.set()
        await until(pilot, lambda: "looking" not in screen_text(app))
        assert screen.findings.selected == "group:Programs"


async def test_a_command_is_run_only_after_asking_and_its_group_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[str] = []
    looked: list[Collection[str]] = []

    def checks(only: Collection[str] = ()) -> Iterator[Finding]:
        looked.append(only)
        every = (ENGINE, GIT) if ran else (ENGINE, NODE, GIT)
        yield from (one for one in every if not only or one.group in only)

    def run(_: object, command: str) -> int:
        ran.append(command)
        return 3

    monkeypatch.setattr(work, "checks", checks)
    monkeypatch.setattr(command_program, "run_command", run)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "looking" not in screen_text(app))
        await pilot.press("enter")  # a fix in words only
        await pilot.press("down", "enter")
        await until(pilot, lambda: "Run this?" in screen_text(app))
        assert "apt install nodejs" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "Run this?" not in screen_text(app))
        assert ran == []
        await pilot.press("f", "y")
        await until(pilot, lambda: ran == ["apt install nodejs"])
        await until(pilot, lambda: "▲ 0 warnings" in screen_text(app))
        assert looked == [(), ("Programs",)]
        assert "✖ 1 problem " in screen_text(app)
        assert "the command ended with code 3" in toasts(app)


async def test_where_the_terminal_cannot_be_handed_over_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found(monkeypatch, NODE)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "▲ warning    node" in screen_text(app))
        await pilot.press("f", "y")
        await until(pilot, lambda: "Run it in another one: apt install nodejs" in toasts(app))


async def test_checks_that_fail_are_told_and_what_they_found_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def checks(only: Collection[str] = ()) -> Iterator[Finding]:
        yield GIT
        raise OSError("the disk is gone")

    monkeypatch.setattr(work, "checks", checks)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "the disk is gone" in toasts(app))
        await until(pilot, lambda: "looking" not in screen_text(app))
        assert "git 2.39.5" in screen_text(app)


async def test_names_and_sentences_cannot_drive_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    evil = Finding("e\x1b]0;owned\x07vil", Verdict.WARNING, "\x1b[31m[bold]red", group="Programs")
    found(monkeypatch, evil)
    async with opened("environment") as (app, pilot):
        await until(pilot, lambda: "[bold]red" in screen_text(app))
        assert "owned" not in screen_text(app)


async def test_the_checks_of_this_machine_are_shown() -> None:
    async with opened("environment", size=LARGE) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, EnvironmentScreen)
        await until(pilot, lambda: "looking" not in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: "Programs" in screen_text(app))
        assert "RAM" in screen_text(app)
        assert toasts(app) == ""


def test_details_name_all_that_the_sentence_counts() -> None:
    finding = Finding("PATH missing", Verdict.WARNING, "/a and 1 more.", names=("/a", "/b"))
    assert "all: /a, /b" in environment_rows.details(finding).plain
