"""A time after which nothing more is read from a connection, however little comes at a time.

The timeouts of httpx2 are for one read: a hub that sends a byte now and then keeps a request for
ever. Here each read gets what is left until the deadline of its thread.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_OPENED = (".connect_tcp.complete", ".start_tls.complete")
_LEAST_S = 0.001  # seconds; a timeout of 0 would mean not to wait at all
_thread = threading.local()


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Let this thread read from traced connections up to a time of the monotonic clock."""
    _thread.deadline = deadline
    try:
        yield
    finally:
        _thread.deadline = None


def trace(event: str, info: Mapping[str, Any]) -> None:
    """Take httpx2's news of a request (its extension ``trace``), and bound a new connection."""
    if event.endswith(_OPENED):
        _bound(info["return_value"])


def _bound(stream: Any) -> None:
    read = stream.read

    def read_in_time(max_bytes: int, timeout: float | None = None) -> bytes:
        deadline: float | None = getattr(_thread, "deadline", None)
        if deadline is None:
            return bytes(read(max_bytes, timeout=timeout))
        left = max(_LEAST_S, deadline - time.monotonic())
        return bytes(read(max_bytes, timeout=left if timeout is None else min(timeout, left)))

    stream.read = read_in_time
