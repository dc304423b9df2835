"""The program in a pseudo-terminal, killed in the middle of a reply and opened again."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from tests.fakes import talking_server
from tests.tui.chat_support import kept, stop_servers

TERMAI = str(Path(sys.executable).parent / "termai")
LONG = " ".join(f"word{number}" for number in range(3000))
PER_SECOND = 100.0


@pytest.fixture(autouse=True)
def _no_server_left(home: Path) -> Iterator[None]:
    yield
    stop_servers()


def environment() -> Mapping[str, str]:
    """Return the test's own surroundings, without any SSH that would slow the drawing."""
    return {k: v for k, v in os.environ.items() if not k.startswith("SSH_")}


@pytest.mark.parametrize("word", ["word3 ", "word20", "word50"])
def test_a_kill_in_mid_reply_loses_at_most_a_second(word: str, tmp_path: Path) -> None:
    talking_server.launch(LONG, tmp_path, per_second=PER_SECOND)
    with Terminal((TERMAI,), env=environment()) as terminal:
        terminal.wait_for("talker is ready")
        terminal.send("talk\r")
        terminal.wait_for(word)
        shown = terminal.text.replace("\n", " ").split()
        os.kill(terminal.pid, signal.SIGKILL)
    last = max(int(w[4:]) for w in shown if w.startswith("word") and w[4:].isdigit())
    ((question, answer),) = kept()
    assert question.content == "talk"
    lost = len(" ".join(f"word{n}" for n in range(last))) - len(answer.content)
    assert lost <= PER_SECOND * 4
    with Terminal((TERMAI,), env=environment()) as again:
        again.wait_for("talk")
        again.wait_for("what came is kept")
        again.wait_for("^r Retry")
        again.send("\x12")
        again.wait_for("esc Stop")
        again.wait_for("word1 ")


def test_sixteen_colours_and_no_mouse_are_enough(tmp_path: Path) -> None:
    talking_server.launch("**bold** and `code`", tmp_path, per_second=PER_SECOND)
    env = {**environment(), "TERM": "linux", "COLORTERM": ""}
    with Terminal((TERMAI,), env=env) as terminal:
        terminal.wait_for("talker is ready")
        terminal.send("first line\nsecond line\r")
        terminal.wait_for("bold and code")
        terminal.wait_for("second line")
        terminal.wait_for("tok")
