"""What a model, a log or a file name says never drives the terminal."""

import os
import re

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.text import decode, one_line, printable, without_user

_DRIVES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
PIECES = st.sampled_from(
    [
        *("\x1b", "\x1b[", "\x1b]0;", "\x1b\\", "\x1bP", "\x1b_", "\x1bc", "\x9b", "\x9d", "\x90"),
        *("31m", "2J", "?1049h", "6n", "\x07", "\x9c", "\r", "\n", "\r\n", "\t", "\b", "\x00"),
        *("A", " ", "ä", "模", "\u202e", "\u2066", "\ud800", "1;2", "[", "]", "\\", "\x7f"),
    ]
)
HOSTILE = st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)


@given(HOSTILE)
def test_nothing_that_drives_a_terminal_is_left(text: str) -> None:
    shown = printable(text)
    assert not _DRIVES.search(shown)
    assert printable(shown) == shown
    shown.encode()


@given(HOSTILE)
def test_a_terminal_shows_exactly_the_printable_text(text: str) -> None:
    """A real terminal emulator fed with the result is in its first state, cursor aside."""
    screen = pyte.Screen(400, 200)
    stream = pyte.Stream(screen)
    shown = printable(text)
    stream.feed(shown.replace("\n", "\r\n"))
    fresh = pyte.Screen(400, 200)
    assert screen.title == fresh.title
    assert screen.mode == fresh.mode
    assert screen.cursor.attrs == fresh.cursor.attrs
    assert screen.cursor.y == shown.count("\n")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf"))))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2\x1b\\sixel", "sixel"),
        ("\x9b31mred", "red"),
        ("\x1b]never ended\nthe next line", "\nthe next line"),
        ("progress 1 %\rprogress 2 %\r\ndone", "progress 1 %\nprogress 2 %\ndone"),
        ("a\x00b\x08c", "abc"),
        ("user\u202etxt.exe", "usertxt.exe"),
        ("\x1b", ""),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_known_sequences(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(HOSTILE, st.integers(1, 40))
def test_one_line_is_one_line_of_at_most_its_width(text: str, width: int) -> None:
    shown = one_line(text, width)
    assert len(shown) <= width
    assert shown.splitlines() in ([shown], [])


def test_one_line_marks_what_it_cut() -> None:
    assert one_line("a  b\nc", 0) == "a b c"
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


@given(st.binary(max_size=200))
def test_any_bytes_are_shown(raw: bytes) -> None:
    assert not _DRIVES.search(decode(raw))


def test_a_file_name_that_is_not_utf8_can_be_printed() -> None:
    assert printable(os.fsdecode(b"mod\xffel.gguf")) == "mod\ufffdel.gguf"


def test_a_long_text_of_unfinished_sequences_takes_no_time() -> None:
    text = "\x1b[" * 20_000 + "0" * 200_000 + "\x1b]" * 20_000
    assert not _DRIVES.search(printable(text))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://me:a#b?c@host/path?key=d#e", "http://host/path"),
        ("http://host/path", "http://host/path"),
        ("me:secret@host:1?x", "host:1"),
        ("ollama", "ollama"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_key(address: str, shown: str) -> None:
    assert without_user(address) == shown
