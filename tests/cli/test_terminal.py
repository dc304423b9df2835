"""What a person sees in a terminal of 80 columns."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.cli.conftest import TERMAI, Termai, environment
from tests.support import wait_until

QUESTION, ANSWER = "What is the capital of France?", "The capital of France is Paris."


@contextmanager
def terminal(*arguments: str, **changes: str) -> Iterator["pexpect.spawn[str]"]:
    """Run ``termai`` in a pseudo-terminal."""
    child = pexpect.spawn(
        TERMAI[0],
        [*TERMAI[1:], *arguments],
        env=environment(**changes),
        encoding="utf-8",
        dimensions=(24, 80),
        timeout=60,
    )
    try:
        yield child
    finally:
        child.close(force=True)


def whole(*arguments: str, **changes: str) -> tuple[int | None, str]:
    """Return exit code and everything that was written to the terminal."""
    with terminal(*arguments, **changes) as child:
        shown = str(child.read())
        child.wait()
        return child.exitstatus, shown


def test_progress_is_shown_and_cleared_and_the_answer_stays() -> None:
    code, shown = whole("run", "smoke", QUESTION)
    assert code == 0
    progress, _, rest = shown.rpartition("\r\x1b[K")
    assert progress.startswith("\r\x1b[Ksmoke: ")
    assert rest == f"{ANSWER}\r\n"


def test_states_are_coloured_on_a_terminal_and_words_remain(smoke: str) -> None:
    assert smoke
    assert "\x1b[32mready" in whole("ps")[1]
    assert "\x1b" not in whole("ps", NO_COLOR="1")[1]
    assert "ready" in whole("ps", NO_COLOR="1")[1]


def test_reasoning_is_dimmed_before_the_answer(smoke: str) -> None:
    assert smoke
    from termai.models.smoke import questions

    asked = next(q for q in questions() if q.reasoning and len(q.messages) == 1)
    _, shown = whole("chat", asked.messages[0].content, "--reasoning", "on")
    dimmed = "".join(re.findall(r"\x1b\[2m(.*?)\x1b\[0m", shown, re.DOTALL))
    assert dimmed.strip() == asked.reasoning
    assert shown.endswith(f"{asked.answer}\r\n")


def test_run_without_a_prompt_opens_the_chat(smoke: str) -> None:
    assert smoke
    with terminal("run", "smoke") as child:
        child.expect("smoke")
        child.expect("F5")


def test_ctrl_c_in_the_middle_of_an_answer_ends_with_130(smoke: str) -> None:
    assert smoke
    from termai.models.smoke import questions

    long = next(q for q in questions() if q.kind == "long")
    with terminal("chat", long.messages[-1].content) as child:
        child.expect(re.escape(long.answer[:20]))
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
        assert "Traceback" not in (child.before or "")


def test_ctrl_c_ends_following(smoke: str) -> None:
    assert smoke
    with terminal("logs", "smoke", "-f") as child:
        child.expect("slots are idle")
        child.sendintr()
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
        assert "Traceback" not in (child.before or "")


def test_a_connection_that_drops_stops_no_server(termai: Termai) -> None:
    with terminal("start", "smoke") as child:
        child.expect("smoke: ")
    assert not child.isalive()

    def ready() -> bool:
        servers = json.loads(termai("ps", "--json").stdout)
        return [server["state"] for server in servers] == ["ready"]

    wait_until(ready)
    assert termai("chat", QUESTION).stdout == f"{ANSWER}\n"
