"""Drawing takes its share of a core and no more."""

import pytest

from termai.tui.widgets.chat_pace import LONGEST_S, SHARE, SHORTEST_REMOTE_S, SHORTEST_S, Pace


@pytest.fixture(autouse=True)
def _local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    monkeypatch.delenv("SSH_TTY", raising=False)


def test_cheap_drawing_is_done_ten_times_a_second() -> None:
    pace = Pace()
    pace.spent(0.002)
    assert pace.interval == SHORTEST_S


def test_expensive_drawing_is_done_less_often() -> None:
    pace = Pace()
    for _ in range(20):
        pace.spent(0.1)
    assert pace.interval == pytest.approx(0.1 / SHARE)


def test_it_is_never_slower_than_once_a_second() -> None:
    pace = Pace()
    pace.spent(30.0)
    assert pace.interval == LONGEST_S


def test_over_ssh_fewer_bytes_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    assert Pace().interval == SHORTEST_REMOTE_S
