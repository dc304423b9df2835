"""The terminal and the locale, by what the environment says of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from termai.environment import Verdict, encoding, packages, terminal
from tests.environment import trees


@pytest.mark.parametrize(
    ("columns", "lines", "verdict"),
    [(80, 24, Verdict.OK), (79, 50, Verdict.WARNING), (200, 12, Verdict.WARNING)],
)
def test_the_size_is_judged(columns: int, lines: int, verdict: Verdict) -> None:
    (found,) = terminal.size(lambda: os.terminal_size((columns, lines)))
    assert found.verdict is verdict
    assert f"{columns} columns" in found.sentence


def test_without_a_terminal_no_size_is_needed() -> None:
    (found,) = terminal.size(lambda: None)
    assert found.verdict is Verdict.NOT_NEEDED


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "16 million."),
        ({"TERM": "xterm-256color"}, "256."),
        ({"TERM": "xterm-kitty", "SSH_CONNECTION": "a"}, "COLORTERM=truecolor"),
        ({"TERM": "linux"}, "16, as TERM=linux"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "NO_COLOR"),
    ],
)
def test_colours_are_those_that_are_promised(environ: dict[str, str], words: str) -> None:
    (found,) = terminal.colours(environ)
    assert found.verdict is Verdict.OK
    assert words in found.sentence


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}])
def test_a_terminal_that_can_do_nothing_is_a_problem(environ: dict[str, str]) -> None:
    (found,) = terminal.colours(environ, in_terminal=False)
    assert found.verdict is Verdict.NOT_NEEDED
    (found,) = terminal.colours(environ, in_terminal=True)
    assert found.verdict is Verdict.PROBLEM
    assert "export TERM=" in found.fix


def test_a_terminal_that_is_unknown_here_is_named(tmp_path: Path) -> None:
    trees.write(tmp_path, {"usr/share/terminfo/x/xterm-256color": ""})
    (found,) = terminal.described({"TERM": "xterm-256color"}, tmp_path, tmp_path)
    assert found.verdict is Verdict.OK
    (found,) = terminal.described({"TERM": "xterm-ghostty"}, tmp_path, tmp_path)
    assert found.verdict is Verdict.WARNING
    assert "infocmp -x xterm-ghostty" in found.fix
    trees.write(tmp_path, {".terminfo/78/xterm-ghostty": ""})  # as macOS keeps it
    (found,) = terminal.described({"TERM": "xterm-ghostty"}, tmp_path, tmp_path)
    assert found.verdict is Verdict.OK


def test_nothing_is_said_without_descriptions_or_a_name(tmp_path: Path) -> None:
    assert not list(terminal.described({"TERM": "xterm"}, tmp_path, tmp_path))
    trees.write(tmp_path, {"usr/share/terminfo/x/xterm": ""})
    assert not list(terminal.described({"TERM": "../../etc/passwd"}, tmp_path, tmp_path))
    assert not list(terminal.described({}, tmp_path, tmp_path))


def test_the_mouse_is_as_the_settings_say() -> None:
    assert [one.verdict for one in terminal.mouse({"TERM": "xterm"}, True)] == [Verdict.OK]
    assert [one.verdict for one in terminal.mouse({"TERM": "linux"}, True)] == [Verdict.NOT_NEEDED]
    (found,) = terminal.mouse({"TERM": "xterm"}, False)
    assert "mouse = false" in found.sentence


def test_a_locale_that_is_here_is_fine() -> None:
    names = frozenset({"C", "POSIX", "C.utf8", "de_DE.utf8"})
    for name in ("C.UTF-8", "de_DE.UTF-8"):
        (found,) = encoding.locale({"LANG": name}, lambda: names)
        assert (found.verdict, found.sentence) == (Verdict.OK, f"{name}.")


@pytest.mark.parametrize("environ", [{}, {"LANG": "C"}, {"LANG": "de_DE.UTF-8", "LC_ALL": "POSIX"}])
def test_without_utf8_it_is_a_warning(environ: dict[str, str]) -> None:
    (found,) = encoding.locale(environ, frozenset)
    assert found.verdict is Verdict.WARNING
    assert "UTF-8" in found.fix


def test_the_locale_that_python_makes_up_for_itself_does_not_count(tmp_path: Path) -> None:
    """PEP 538: without a locale Python puts LC_CTYPE=C.UTF-8 into its own environment."""
    code = "from termai.environment import encoding; print(*encoding.locale())"
    plain = {key: os.environ[key] for key in ("HOME", "PATH")}
    root = str(Path(__file__).parents[2])
    for given, words in (({}, "None: termai draws"), ({"LC_CTYPE": "C.UTF-8"}, "'C.UTF-8.'")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**plain, "PYTHONPATH": root, **given},
            capture_output=True,
            text=True,
            check=True,
        )
        assert words in done.stdout
    assert not encoding.given({"LC_CTYPE": "C.UTF-8"}, tmp_path)


@pytest.mark.parametrize("decides", ["LANG", "LC_CTYPE", "LC_ALL"])
def test_what_is_set_is_the_variable_that_decides(
    monkeypatch: pytest.MonkeyPatch, decides: str
) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    (found,) = encoding.locale({"LANG": "C", decides: "C"}, frozenset)
    assert f"export {decides}=" in found.fix
    assert f"export {decides}=" in found.command


def test_another_encoding_is_a_warning() -> None:
    (found,) = encoding.locale({"LANG": "de_DE"}, lambda: frozenset({"de_DE"}))
    assert "is not UTF-8" in found.sentence


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("debian", "localedef -i de_DE -f UTF-8 de_DE.UTF-8"),
        ("fedora", "glibc-langpack-de"),
        ("arch", "/etc/locale.gen"),
        ("alpine", "Choose one"),
    ],
)
def test_a_locale_that_is_not_here_names_what_makes_it(
    monkeypatch: pytest.MonkeyPatch, family: str, words: str
) -> None:
    monkeypatch.setattr(packages, "family", lambda: family)
    monkeypatch.setattr(packages, "_family", lambda: family)
    (found,) = encoding.locale({"LC_CTYPE": "de_DE.UTF-8"}, lambda: frozenset({"C.utf8"}))
    assert found.verdict is Verdict.WARNING
    assert "de_DE.UTF-8 is not installed here" in found.sentence
    assert words in found.fix


def test_a_name_with_commands_in_it_is_never_part_of_a_command() -> None:
    (found,) = encoding.locale({"LANG": "x; rm -rf ~.UTF-8"}, lambda: frozenset({"C.utf8"}))
    assert "rm" not in found.command + found.fix
