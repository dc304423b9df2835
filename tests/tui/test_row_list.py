"""Lists that change under the reader: the highlighted row stays the highlighted one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import OptionList

from termai.tui.themes import OUR_VARIABLES
from termai.tui.widgets.row_list import Row, RowList


class ListApp(App[None]):
    picked: str = ""

    def compose(self) -> ComposeResult:
        yield RowList()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return OUR_VARIABLES

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.picked = str(event.option_id)


def rows(*names: str, suffix: str = "") -> list[Row]:
    def draw(name: str, width: int) -> Content:
        return Content(f"{name}{suffix} in {width}")

    return [(name, partial(draw, name)) for name in names]


@asynccontextmanager
async def listing(*names: str) -> AsyncIterator[tuple[ListApp, Pilot[None], RowList]]:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        listed = app.query_one(RowList)
        listed.show(rows(*names))
        listed.focus()
        await pilot.pause()
        yield app, pilot, listed


def shown(listed: RowList) -> list[str]:
    return [str(option.prompt) for option in listed.options]


async def test_the_first_row_is_highlighted_and_rows_know_their_width() -> None:
    async with listing("a", "b") as (_, pilot, listed):
        assert listed.selected == "a"
        assert shown(listed) == ["a in 38", "b in 38"]
        await pilot.resize_terminal(60, 10)
        await pilot.pause()
        assert shown(listed) == ["a in 58", "b in 58"]


async def test_the_highlight_follows_its_row_when_others_come_and_go() -> None:
    async with listing("a", "b", "c") as (_, _, listed):
        listed.select("b")
        listed.show(rows("new", "a", "b", "c"))
        assert listed.selected == "b"
        listed.show(rows("b"))
        assert listed.selected == "b"


async def test_when_its_row_goes_the_highlight_stays_about_there() -> None:
    async with listing("a", "b", "c") as (_, _, listed):
        listed.select("c")
        listed.show(rows("a", "b"))
        assert listed.selected == "b"
        listed.show([])
        assert listed.selected == ""


async def test_a_row_that_is_not_there_yet_is_highlighted_when_it_comes() -> None:
    async with listing("a") as (_, _, listed):
        listed.select("later")
        assert listed.selected == "a"
        listed.show(rows("a", "b"))
        assert listed.selected == "a"
        listed.show(rows("a", "b", "later"))
        assert listed.selected == "later"
        listed.show(rows("a", "b", "later", "more"))
        listed.highlighted = 0
        listed.show(rows("a", "later"))
        assert listed.selected == "a"


async def test_changed_text_is_drawn_in_place() -> None:
    async with listing("a", "b") as (_, _, listed):
        listed.highlighted = 1
        listed.show(rows("a", "b", suffix="!"))
        assert shown(listed) == ["a! in 38", "b! in 38"]
        assert listed.selected == "b"


async def test_a_click_highlights_and_a_second_one_picks() -> None:
    async with listing("a", "b") as (app, pilot, listed):
        await pilot.click(RowList, offset=(2, 1))
        assert listed.selected == "b"
        assert app.picked == ""
        await pilot.click(RowList, offset=(2, 1))
        await pilot.pause()
        assert app.picked == "b"
