"""What the program asks of the terminal, and how it reads its keys."""

import os
import subprocess
import sys

import pytest

from termai.tui import terminal


def test_a_local_terminal_keeps_textuals_frame_rate() -> None:
    assert "TEXTUAL_FPS" not in terminal.defaults({})


def test_over_ssh_there_are_fewer_frames_and_nothing_moves() -> None:
    chosen = terminal.defaults({"SSH_CONNECTION": "10.0.0.2 50000 10.0.0.1 22"})
    assert chosen["TEXTUAL_FPS"] == "15"
    assert chosen["TEXTUAL_ANIMATIONS"] == "none"


def test_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    monkeypatch.setenv("TEXTUAL_FPS", "30")
    for name in ("TEXTUAL_ANIMATIONS", "TEXTUAL_SMOOTH_SCROLL", "ESCDELAY"):
        monkeypatch.setenv(name, "")  # restored when the test ends
        monkeypatch.delenv(name)
    terminal.prepare()
    assert os.environ["TEXTUAL_FPS"] == "30"
    assert os.environ["TEXTUAL_ANIMATIONS"] == "none"


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b1", "alt+1"),
        ("\x1b4", "alt+4"),
        ("\x1b[52;3u", "alt+4"),
        ("\x1bOP", "f1"),
        ("\x1b[15~", "f5"),
        ("£", "pound_sign"),
    ],
)
def test_mode_keys_as_terminals_send_them(sent: str, key: str) -> None:
    code = (
        "from termai.tui.terminal import let_alt_digits_through; let_alt_digits_through()\n"
        "from textual._xterm_parser import XTermParser\n"
        "parser = XTermParser()\n"
        f"events = [*parser.feed({sent!r}), *parser.feed('')]\n"
        "print([event.key for event in events if hasattr(event, 'key')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"['{key}']"


def test_opening_chooses_without_importing_textual() -> None:
    code = "import sys, termai.tui, termai.tui.opening; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
