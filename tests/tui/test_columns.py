"""Columns: what fits in a width, what is left out first, and lines of exactly that width."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from termai.tui.columns import LEAST, Column, fitted, line

COLUMNS = (
    Column("Name", 40, flexible=True),
    Column("Size", 5, 1, right=True),
    Column("Where", 10, 2),
)


def titles(width: int) -> list[str]:
    return [COLUMNS[place.number].title for place in fitted(COLUMNS, width)]


@pytest.mark.parametrize(
    ("width", "kept"),
    [(80, ["Name", "Size", "Where"]), (37, ["Name", "Size", "Where"]), (36, ["Name", "Size"])],
)
def test_the_highest_rank_is_left_out_first(width: int, kept: list[str]) -> None:
    assert titles(width) == kept


def test_rank_zero_stays_however_narrow_it_is() -> None:
    assert titles(3) == ["Name"]


def test_the_flexible_column_takes_what_the_others_leave() -> None:
    widths = {COLUMNS[place.number].title: place.width for place in fitted(COLUMNS, 80)}
    assert widths == {"Name": 80 - 5 - 10 - 2, "Size": 5, "Where": 10}


@given(
    st.integers(LEAST, 200),
    st.text(st.characters(categories=("L", "N", "P", "S")), max_size=60),
)
def test_a_line_is_as_wide_as_its_columns_whatever_the_cells_hold(width: int, name: str) -> None:
    places = fitted(COLUMNS, width)
    drawn = line(places, (Content(name), "4.7G", name))
    assert drawn.cell_length == width


def test_numbers_stand_at_the_right() -> None:
    assert line(fitted(COLUMNS, 37), ("a", "1K", "b")).plain == f"{'a':<20}    1K b         "
