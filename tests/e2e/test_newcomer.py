"""A newcomer's first hour in tmux at 80x24: first start, a kill in mid-reply, the next login."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from termai.models.smoke import questions
from tests.e2e.tmux import Tmux, require_tmux
from tests.support import wait_until

TERMAI = str(Path(sys.executable).parent / "termai")
FRANCE = "The capital of France is Paris."


@pytest.fixture
def env(home: Path) -> Iterator[dict[str, str]]:
    """Yield the variables of a fresh user, whose servers are stopped afterwards."""
    require_tmux()
    kinds = ("CONFIG", "DATA", "STATE")
    fresh = {f"TERMAI_{kind}_DIR": os.environ[f"TERMAI_{kind}_DIR"] for kind in kinds}
    yield {**fresh, "HOME": os.environ["HOME"], "TEXTUAL_ANIMATIONS": "none"}
    termai("stop", "--all", env=fresh)


def termai(*arguments: str, env: Mapping[str, str]) -> str:
    done = subprocess.run(
        [TERMAI, *arguments], env={**os.environ, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def servers(env: Mapping[str, str]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(termai("ps", "--json", env=env))
    return listed


def saved_reply(env: Mapping[str, str]) -> str:
    """Return the text of the newest reply as it is on disk."""
    path = Path(env["TERMAI_DATA_DIR"]) / "chats.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        row = database.execute(
            "SELECT content FROM messages WHERE role = 'assistant' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    return str(row[0]) if row else ""


@pytest.mark.slow
def test_first_start_kill_in_mid_reply_and_the_next_login(
    env: dict[str, str], tmp_path: Path
) -> None:
    with Tmux([TERMAI], env=env, cwd=tmp_path) as screen:
        screen.wait_for("FIRST STEPS", "A tiny model is ready to talk", timeout=60)
        screen.press("Enter")
        screen.wait_for("smoke is ready", timeout=60)
        screen.type("What is the capital of France?")
        screen.press("Enter")
        screen.wait_for(FRANCE)
        (server,) = servers(env)
        assert server["state"] == "ready"
        assert server["offload"]["total"] == 5
        screen.type("Count to two hundred.")
        screen.press("Enter")
        wait_until(lambda: "1, 2, 3" in screen.screen or "1, 2, 3" in saved_reply(env))
        os.kill(server["pid"], signal.SIGSTOP)
        try:
            wait_until(lambda: "1, 2, 3" in saved_reply(env))
            os.kill(screen.pid, signal.SIGKILL)
        finally:
            os.kill(server["pid"], signal.SIGCONT)

    kept = saved_reply(env)
    assert kept.startswith("1, 2, 3")
    (after,) = servers(env)
    assert (after["pid"], after["state"]) == (server["pid"], "ready")

    with Tmux([TERMAI], env=env, cwd=tmp_path) as screen:
        shown = screen.wait_for("Count to two hundred.", "1, 2, 3")
        assert shown.splitlines()[0].startswith(" F1")
        screen.press("C-n")
        screen.type("What is the capital of France?")
        screen.press("Enter")
        screen.wait_for(FRANCE)


@pytest.mark.slow
def test_hanging_up_stops_nothing_and_two_programs_see_the_same(
    env: dict[str, str], tmp_path: Path
) -> None:
    termai("start", "smoke", env=env)
    with Tmux([TERMAI], env=env, cwd=tmp_path) as one, Tmux([TERMAI], env=env, cwd=tmp_path) as two:
        for screen in (one, two):
            screen.wait_for("F4 Servers")
            screen.press("F4")
            screen.wait_for("smoke", "ready", "0/5")
        before = servers(env)
    assert servers(env) == before
    assert before[0]["state"] == "ready"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["llama-server", "llama-cpp-python"])
def test_two_chats_at_once_both_get_whole_answers(env: dict[str, str], engine: str) -> None:
    profile = Path(env["TERMAI_CONFIG_DIR"]) / "profiles" / "mine.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(f'engine = "{engine}"\n[model]\npath = "builtin:smoke"\n')
    termai("start", "mine", env=env)
    assert servers(env)[0]["engine"] == engine
    asked = {q.id: q for q in questions() if q.id in ("count-200", "capital-france")}
    command = [TERMAI, "chat", "--server", "mine", "--temperature", "0"]
    started = [
        subprocess.Popen(
            [*command, question.messages[-1].content],
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
        )
        for question in asked.values()
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert answers == [question.answer for question in asked.values()]


@pytest.mark.slow
def test_the_program_ends_with_its_terminal_even_when_nobody_tells_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    deaf = ["sh", "-c", f"trap '' HUP; sh -c 'echo $$ > pid; exec {TERMAI}'; :"]
    with Tmux(deaf, env={**env, "TERMAI_NO_AUTOSTART": "1"}, cwd=tmp_path) as screen:
        screen.wait_for("F4 Servers")
        program = psutil.Process(int((tmp_path / "pid").read_text()))
    wait_until(lambda: not program.is_running(), timeout=10, what="the program ends")
