"""What answers at an address."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from termai.jobs.processes import identify
from termai.servers.health import Health, owns_port, probe
from tests.support import free_port

Answering = Callable[[bytes], str]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Return a function that serves one raw answer and returns the URL."""
    sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)

        def run() -> None:
            connection, _ = listener.accept()
            sockets.append(connection)
            connection.recv(4096)
            connection.sendall(answer)
            if answer:
                connection.close()

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield serve
    for one in sockets:
        one.close()
    for thread in threads:
        thread.join(5)


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "health"),
    [
        (http("200 OK", '{"status":"ok"}'), Health.READY),
        (http("503 Busy", '{"error":{"message":"Loading model","code":503}}'), Health.LOADING),
        (http("200 OK", "<html>hello</html>"), Health.FOREIGN),
        (http("200 OK", '{"status":"UP"}'), Health.FOREIGN),
        (http("200 OK", "[" * 3000), Health.FOREIGN),
        (http("503 Busy", "no backend"), Health.FOREIGN),
        (http("404 Not Found", "{}"), Health.FOREIGN),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Health.FOREIGN),
    ],
)
def test_an_answer_is_judged(answering: Answering, answer: bytes, health: Health) -> None:
    assert probe(answering(answer)) is health


def test_silence_is_unreachable_in_bounded_time(answering: Answering) -> None:
    began = time.monotonic()
    assert probe(answering(b""), timeout_s=0.2) is Health.UNREACHABLE
    assert time.monotonic() - began < 3.0


def test_an_answer_without_end_is_unreachable_in_bounded_time() -> None:
    """Each byte comes within the time limit, the whole never does."""
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while not over.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        began = time.monotonic()
        answered = probe(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.3)
        took = time.monotonic() - began
        over.set()
        thread.join()
    assert answered is Health.UNREACHABLE
    assert took < 2.0


def test_a_closed_port_is_unreachable() -> None:
    assert probe(f"http://127.0.0.1:{free_port()}") is Health.UNREACHABLE


def test_a_proxy_in_the_environment_is_not_asked(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert probe(answering(http("200 OK", '{"status":"ok"}'))) is Health.READY


def test_a_port_belongs_to_the_process_that_listens_on_it() -> None:
    ours = identify(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert owns_port(ours, port) is True
        assert owns_port(identify(os.getppid()), port) is not None
    assert owns_port(ours, port) is False
    assert owns_port(None, port) is False
