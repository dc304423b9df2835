"""The watch over a server: until it is ready, and from then on."""

from collections.abc import Sequence

import pytest

from termai.engines.watcher import watching
from termai.engines.watcher.looking import Seen, Server, State
from termai.engines.watcher.watching import Watch
from termai.profiles.addresses import parse

READY = Seen(State.READY, "it offers a", 4096)
LOADING = Seen(State.LOADING, "its model is not loaded yet")
AWAY = Seen(State.AWAY, "the connection was refused")


class EndOfScriptError(Exception):
    """No more looks were foreseen."""


class Script(Server):
    """A server that is seen as it is told, one look after the other."""

    def __init__(self, looks: Sequence[Seen]) -> None:
        super().__init__(parse("http://127.0.0.1:1"), "", "", 1.0)
        self.looks = list(looks)

    def look(self) -> Seen:
        if not self.looks:
            raise EndOfScriptError
        return self.looks.pop(0)


def watched(*looks: Seen) -> tuple[int | None, list[str]]:
    """Return the exit code, None where it would go on, and the lines."""
    lines: list[str] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    watch = Watch(Script(looks), lines.append, sleep, lambda: now[0])
    try:
        return watch.run(), lines
    except EndOfScriptError:
        return None, lines


def test_a_server_that_is_there_is_ready_at_once_and_said_once() -> None:
    assert watched(READY, READY, READY) == (
        None,
        ["watch: context: 4096 tokens", "watch: ready: it offers a"],
    )


def test_a_context_that_is_told_later_or_changes_is_said_then() -> None:
    open_ = READY._replace(context=0)
    _, lines = watched(open_, READY, open_, READY, READY._replace(context=8192))
    assert lines == [
        "watch: ready: it offers a",
        "watch: context: 4096 tokens",
        "watch: context: 8192 tokens",
    ]


def test_one_that_loads_is_waited_for() -> None:
    code, lines = watched(AWAY, *[LOADING] * 100, READY)
    assert code is None
    assert lines[0] == "watch: loading: its model is not loaded yet"
    assert lines[-1] == "watch: ready: it offers a"


def test_one_that_is_not_there_is_given_up() -> None:
    code, lines = watched(*[AWAY] * 100)
    assert code == 6
    assert lines == ["watch: error: away: the connection was refused"]


@pytest.mark.parametrize(
    ("state", "code"), [(State.DENIED, 3), (State.STRANGE, 4), (State.MISSING, 5)]
)
def test_what_will_not_change_by_itself_ends_at_once(state: State, code: int) -> None:
    assert watched(Seen(state, "why")) == (code, [f"watch: error: {state}: why"])


def test_one_miss_is_nothing_and_two_are_told_until_it_is_back() -> None:
    _, lines = watched(READY, AWAY, READY, AWAY, AWAY, AWAY, READY)
    assert [line for line in lines if "context" not in line] == [
        "watch: ready: it offers a",
        "watch: away: the connection was refused",
        "watch: ready: it offers a",
    ]


def test_a_key_that_is_taken_back_counts_as_away() -> None:
    _, lines = watched(READY, *[Seen(State.DENIED, "HTTP 401")] * 2)
    assert lines[-1] == "watch: away: HTTP 401"


def test_the_limits_are_what_they_say() -> None:
    assert watching.EAGER_S < watching.EVERY_S
    assert len(set(watching.EXIT_CODES.values())) == len(watching.EXIT_CODES)
