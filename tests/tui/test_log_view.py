"""The following log: at the end, paused, back in time, and while the file changes under it."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen

from termai.jobs import bound
from termai.tui.app import TermaiApp
from termai.tui.widgets.log_view import LogView
from tests.tui.support import opened, screen_text, until


class LogScreen(Screen[None]):
    def compose(self) -> ComposeResult:
        yield LogView()


@asynccontextmanager
async def log_of(path: Path) -> AsyncIterator[tuple[TermaiApp, Pilot[int], LogView]]:
    async with opened() as (app, pilot):
        await app.push_screen(LogScreen())
        view = app.screen.query_one(LogView)
        view.show(path)
        await until(pilot, lambda: view.path == path)
        yield app, pilot, view


def write(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


async def test_shows_the_end_and_follows(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "".join(f"line {n}\n" for n in range(100)))
    async with log_of(path) as (app, pilot, view):
        await until(pilot, lambda: "line 99" in screen_text(app))
        write(path, "one more\n")
        await until(pilot, lambda: "one more" in screen_text(app))
        assert view.following


async def test_an_unfinished_line_is_drawn_again_when_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "loading ...")
    async with log_of(path) as (app, pilot, _):
        await until(pilot, lambda: "loading ..." in screen_text(app))
        write(path, "... done")
        await until(pilot, lambda: "loading ...... done" in screen_text(app))


async def test_moving_up_pauses_and_counts_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "".join(f"line {n}\n" for n in range(100)))
    async with log_of(path) as (app, pilot, view):
        await until(pilot, lambda: "line 99" in screen_text(app))
        view.focus()
        await pilot.press("pageup")
        await until(pilot, lambda: not view.following)
        top = screen_text(app).split("\n")[0]
        write(path, "".join(f"new {n}\n" for n in range(7)))
        await until(pilot, lambda: view.unseen == 7)
        assert screen_text(app).startswith(top)
        view.following = True
        await until(pilot, lambda: "new 6" in screen_text(app))
        assert view.unseen == 0


async def test_the_beginning_of_a_long_log_can_be_reached(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "".join(f"line {n}\n" for n in range(500_000)))
    async with log_of(path) as (app, pilot, view):
        await until(pilot, lambda: view.virtual_size.height == 500_000)
        assert "line 499999" in screen_text(app)
        view.scroll_home(animate=False)
        await until(pilot, lambda: screen_text(app).startswith("line 0\n"))
        assert not view.following


async def test_a_hole_that_appears_keeps_the_place(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "".join(f"line number {n:07}\n" for n in range(200_000)))
    async with log_of(path) as (app, pilot, view):
        await until(pilot, lambda: view.virtual_size.height == 200_000)
        view.scroll_to(y=190_000, animate=False)
        await until(pilot, lambda: screen_text(app).startswith("line number 0190000"))
        descriptor = os.open(path, os.O_RDWR)
        try:
            bound.punch(descriptor, 4096 * 16, 4096 * 500)
        except OSError:
            pytest.skip("this file system cannot punch holes")
        finally:
            os.close(descriptor)
        await until(pilot, lambda: view.virtual_size.height < 200_000)
        await until(pilot, lambda: screen_text(app).startswith("line number 0190000"))


async def test_a_cut_log_is_shown_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "".join(f"line {n}\n" for n in range(100)))
    async with log_of(path) as (app, pilot, _):
        await until(pilot, lambda: "line 99" in screen_text(app))
        path.write_text("fresh\n")
        await until(pilot, lambda: screen_text(app).startswith("fresh"))


async def test_escape_sequences_in_a_log_are_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "log"
    write(path, "\x1b]0;owned\x07\x1b[2Jsafe [bold]text[/bold]\n")
    async with log_of(path) as (app, pilot, _):
        await until(pilot, lambda: "safe [bold]text[/bold]" in screen_text(app))
        assert "owned" not in screen_text(app)
        assert "\x1b" not in screen_text(app)


@pytest.mark.slow
async def test_follows_a_hundred_thousand_lines_a_second(tmp_path: Path) -> None:
    path = tmp_path / "log"
    line = "0.00.123.456 I slot update_slots: id 0 | task 0 | progress, n = {:08}\n"
    write(path, line.format(0))
    async with log_of(path) as (app, pilot, view):
        began = time.process_time()
        for batch in range(30):
            write(path, "".join(line.format(batch * 10_000 + n) for n in range(10_000)))
            await pilot.pause()
        await until(pilot, lambda: "n = 00299999" in screen_text(app))
        assert time.process_time() - began < 3.0
        assert view.following
