"""The table of models: rows are drawn as they come into the window, the chosen one stays chosen."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from termai.tui.columns import Cell, Column
from termai.tui.themes import OUR_VARIABLES
from termai.tui.widgets.model_table import ModelTable

COLUMNS = (Column("Name", 20, flexible=True), Column("Number", 6, 1, right=True))


class TableApp(App[None]):
    """One table; it keeps what the table announced."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[str] = []
        self.chosen: list[str] = []
        self.picked: list[str] = []

    def compose(self) -> ComposeResult:
        yield ModelTable(COLUMNS, self.cells)

    def cells(self, identity: str) -> Sequence[Cell]:
        self.drawn.append(identity)
        return f"model {identity}", identity

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return OUR_VARIABLES

    def on_model_table_chosen(self, event: ModelTable.Chosen) -> None:
        self.chosen.append(event.identity)

    def on_model_table_picked(self, event: ModelTable.Picked) -> None:
        self.picked.append(event.identity)


@asynccontextmanager
async def table(count: int) -> AsyncIterator[tuple[TableApp, Pilot[None], ModelTable]]:
    app = TableApp()
    async with app.run_test(size=(40, 11)) as pilot:
        shown = app.query_one(ModelTable)
        shown.show([str(number) for number in range(count)])
        shown.focus()
        await pilot.pause()
        yield app, pilot, shown


def lines(app: TableApp) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_titles_rows_and_a_sign_at_the_chosen_row() -> None:
    async with table(3) as (app, _, _shown):
        text = lines(app)
        assert text[0].split() == ["Name", "Number"]
        assert text[1].startswith("▸ model 0")
        assert text[2].startswith("  model 1")


async def test_keys_move_the_cursor_and_the_window_follows() -> None:
    async with table(100) as (app, pilot, shown):
        await pilot.press("down", "j", "up")
        assert shown.chosen == "1"
        await pilot.press("end")
        await pilot.pause()
        assert shown.window == tuple(str(n) for n in range(90, 100))
        assert lines(app)[10].startswith("▸ model 99")
        await pilot.press("pageup", "k")
        await pilot.pause()
        assert shown.chosen in shown.window
        await pilot.press("home")
        await pilot.pause()
        assert shown.window[0] == "0"
        assert app.chosen[0] == "0"
        assert app.chosen[-1] == "0"


async def test_enter_picks_and_nothing_is_picked_in_an_empty_table() -> None:
    async with table(3) as (app, pilot, shown):
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.picked == ["1"]
        shown.show(())
        await pilot.press("enter")
        await pilot.pause()
        assert app.picked == ["1"]
        assert shown.chosen == ""
        assert app.chosen[-1] == ""


async def test_a_click_chooses_and_a_second_one_picks() -> None:
    async with table(5) as (app, pilot, shown):
        await pilot.click(ModelTable, offset=(3, 3))
        await pilot.pause()
        assert shown.chosen == "2"
        assert app.picked == []
        await pilot.click(ModelTable, offset=(3, 3))
        await pilot.click(ModelTable, offset=(3, 0))
        await pilot.pause()
        assert app.picked == ["2"]


async def test_the_chosen_row_stays_chosen_while_others_come_and_go() -> None:
    async with table(5) as (_, pilot, shown):
        shown.select("3")
        shown.show(["new", "3", "4"])
        assert shown.chosen == "3"
        shown.show(["new", "4"])
        assert shown.chosen == "4"
        shown.show([])
        shown.show(["a", "b"])
        assert shown.chosen == "a"
        shown.select("later")
        assert shown.chosen == "a"
        shown.show(["a", "later", "b"])
        assert shown.chosen == "later"
        shown.show(["later"])
        await pilot.pause()
        assert shown.chosen == "later"


async def test_thousands_of_rows_cost_no_more_than_a_window() -> None:
    async with table(1) as (app, pilot, shown):
        names = [str(number) for number in range(50_000)]
        app.drawn.clear()
        started = time.process_time()
        shown.show(names)
        await pilot.pause()
        assert len(set(app.drawn)) <= 10
        assert time.process_time() - started < 2.0
        await pilot.press("end")
        await pilot.pause()
        assert shown.chosen == "49999"
        assert len(set(app.drawn)) <= 20


async def test_a_narrow_table_leaves_columns_out_and_a_wide_one_brings_them_back() -> None:
    async with table(3) as (app, pilot, _shown):
        await pilot.resize_terminal(18, 11)
        await pilot.pause()
        assert lines(app)[0].split() == ["Name"]
        await pilot.resize_terminal(60, 11)
        await pilot.pause()
        assert lines(app)[0].split() == ["Name", "Number"]
