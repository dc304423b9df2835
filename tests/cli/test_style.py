"""Tables are aligned and fit, and colour is where it is wanted only."""

import io

import pytest

from termai.cli.style import paint, table

ROWS = [("a", "ready", "http://127.0.0.1:8080"), ("a-very-long-name" * 3, "lost", "-")]


def test_columns_are_aligned_and_cells_are_printable() -> None:
    lines = table(("NAME", "X"), [("a\x1b[31m\nb", "1"), ("long name", "22")], 80)
    assert lines == ["NAME       X", "a b        1", "long name  22"]


def test_only_flexible_columns_give_way() -> None:
    lines = table(("NAME", "STATE", "URL"), ROWS, 50, flexible=(0,))
    assert all(len(line) <= 50 for line in lines)
    assert lines[1].endswith("ready  http://127.0.0.1:8080")
    assert "…  lost" in lines[2]


def test_no_column_is_cut_to_nothing() -> None:
    lines = table(("NAME", "STATE", "URL"), ROWS, 10, flexible=(0,))
    assert lines[2].startswith("a-very-…")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


def test_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint("ready", "good", Terminal()) == "\x1b[32mready\x1b[0m"
    assert paint("ready", "good", io.StringIO()) == "ready"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert paint("ready", "good", Terminal()) == "ready"
