"""From "I want a model" to a chat, in a real tmux whose terminal is killed on the way."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.models.downloads import control
from tests.e2e.tmux import Tmux
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub, serving_hub
from tests.support import wait_until
from tests.tui.test_in_tmux import environment

PROGRAM = (sys.executable, "-c", "from termai.tui import run; raise SystemExit(run('models'))")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def hub(tiny_model: Path, no_servers_left: None) -> Iterator[Hub]:
    with serving_hub() as hub:
        content = Content(path=tiny_model)
        about = {"downloads": 7, "licence": "apache-2.0"}
        hub.add("org/Tiny-GGUF", {"Tiny-Q8_0.gguf": content}, **about)
        yield hub
        for download in control.list_downloads():
            if download.status.active:
                control.cancel(download)


def program(hub: Hub, **more: str) -> Tmux:
    return Tmux(PROGRAM, env=environment(HF_ENDPOINT=hub.url, **more), cwd=ROOT)


@pytest.mark.slow
def test_search_get_lose_the_terminal_log_in_again_start_and_chat(hub: Hub) -> None:
    hub.files.rate = 60_000
    with program(hub) as tmux:
        tmux.wait_for("[Library 1]")
        tmux.press("2")
        tmux.wait_for("Searches 127.0.0.1")
        tmux.type("tiny")
        tmux.press("Enter")
        tmux.wait_for("org/Tiny-GGUF", "apache-2.0")
        tmux.press("Enter")
        tmux.wait_for("Q8_0", "in RAM", "best")
        tmux.press("g")
        tmux.wait_for("Tiny-GGUF:Q8_0", "%", "left")
        os.kill(tmux.pid, signal.SIGKILL)
    assert [str(d.status) for d in control.list_downloads()] == ["running"]
    hub.files.rate = 0
    wait_until(lambda: str(control.list_downloads()[0].status) == "done", timeout=30)
    with program(hub) as tmux:
        tmux.wait_for("[Library 2]", "Tiny-Q8_0")
        tmux.press("w")
        tmux.wait_for("Downloads", "100%", "done")
        tmux.press("Enter")
        tmux.wait_for("Tiny-Q8_0", "ready", "llama-server")
        tmux.press("c")
        tmux.wait_for("Tiny-Q8_0 is ready")
        tmux.type("Hello")
        tmux.press("Enter")
        tmux.wait_for("tok ·")


@pytest.mark.slow
def test_sixteen_colours_and_no_signs_but_letters(hub: Hub) -> None:
    with program(hub, TERM="linux", COLORTERM="") as tmux:
        shown = tmux.wait_for("[Library 1]", "* in RAM", "> termai-smoke")
        assert "●" not in shown
        tmux.press("v")
        tmux.wait_for("Memory against context", "* f16")
        tmux.press("q")
        tmux.wait_for("[Library 1]")
        tmux.press("2")
        tmux.wait_for("[Hub]")


@pytest.mark.slow
def test_a_window_made_narrow_and_wide_again_keeps_what_is_chosen(hub: Hub) -> None:
    with program(hub) as tmux:
        tmux.wait_for("▸ termai-smoke-q8_0")
        for columns, rows in ((40, 12), (120, 40), (80, 24)):
            tmux._run("resize-window", "-x", str(columns), "-y", str(rows))
            tmux.wait_for("▸ termai-smoke-q8_0", "F1")
