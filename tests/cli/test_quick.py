"""What is understood without click is understood exactly as click would."""

from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

import termai
from termai.cli import logs, quick
from termai.cli.main import cli
from tests.cli.conftest import Termai

WORDS = ["--version", "ps", "logs", "--json", "--all", "-a", "-f", "--follow", "-n", "--lines"]
WORDS += ["smoke", "5", "007", "-5", "all", "--", "-", "", "-fn", "-n5", "--lines=5", "--al", "-h"]
WORDS += ["٣", "1e3", "-af", "--help", "start"]


def clicks_view(arguments: list[str]) -> tuple[str, dict[str, Any]] | None:
    """Return the command and its parameters as click reads them, None when it refuses."""
    name, *rest = arguments
    try:
        command = cli.get_command(click.Context(cli), name)
        if command is None:
            return None
        with command.make_context(name, rest) as context:
            return name, dict(context.params)
    except click.ClickException:
        return None


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=6))
def test_whatever_quick_understands_click_understands_the_same(arguments: list[str]) -> None:
    found = quick.recognise(arguments)
    if found is None:
        return
    command, flags, name, lines = found
    if command == "--version":
        assert arguments == ["--version"]
        return
    named = {"name": name, "lines": lines} if command == "logs" else {}
    assert clicks_view(arguments) == (command, {**flags, **named})


@given(st.permutations(["--json", "-a"]), st.permutations(["smoke", "-f", "--json"]))
def test_plain_forms_are_quick_in_any_order(ps: list[str], log: list[str]) -> None:
    assert quick.recognise(["ps", *ps]) == ("ps", {"as_json": True, "past": True}, "", "")
    assert quick.recognise(["logs", *log, "-n", "5"]) == (
        "logs",
        {"as_json": True, "follow": True},
        "smoke",
        "5",
    )


@pytest.mark.parametrize(
    "arguments",
    [[], ["start"], ["ps", "x"], ["logs"], ["logs", "a", "b"], ["logs", "-n"], ["--version", "ps"]],
)
def test_everything_else_is_left_to_click(arguments: list[str]) -> None:
    assert quick.recognise(arguments) is None


def test_nothing_is_quick_while_the_shell_completes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quick.COMPLETION, "bash_complete")
    assert quick.run(["--version"]) is None


def test_both_ways_print_the_same_version(termai: Termai) -> None:
    fast, slow = termai("--version"), termai("--version", "--version")
    assert fast.stdout == slow.stdout == f"termai {_version()}\n"


def _version() -> str:
    return termai.__version__


@pytest.mark.parametrize(("text", "lines"), [("0", 0), ("12", 12), ("all", logs.EVERYTHING)])
def test_a_number_of_lines_or_all_of_them(text: str, lines: int) -> None:
    assert logs.parse_lines(text) == lines
