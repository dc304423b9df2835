"""Which ports can be listened on."""

import socket
from collections.abc import Iterator

import pytest

from termai.servers.ports import free_port, refusal, why_not
from tests.support import free_port as any_free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_free_port_is_not_refused_and_stays_free() -> None:
    port = any_free_port()
    assert refusal("127.0.0.1", port) is None
    assert refusal("127.0.0.1", port) is None


def test_a_taken_port_is_refused_also_on_all_interfaces(taken: int) -> None:
    for host in ("127.0.0.1", "localhost", "0.0.0.0"):
        found = refusal(host, taken)
        assert found
        assert found.any_port
        assert why_not(host, taken) == "is in use by another program"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "..", "a" * 70])
def test_an_address_that_is_not_ours_is_refused_for_every_port(host: str) -> None:
    found = refusal(host, any_free_port())
    assert found
    assert not found.any_port


def test_the_next_free_port_leaves_out_taken_and_promised_ones(taken: int) -> None:
    first = free_port("127.0.0.1", taken - 1)
    assert first
    assert first > taken
    second = free_port("127.0.0.1", taken - 1, {first})
    assert second
    assert second > first


def test_there_is_no_port_after_the_last() -> None:
    assert free_port("127.0.0.1", 65535) is None
