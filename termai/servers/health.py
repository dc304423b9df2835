"""Asking a server itself: ready, loading, silent, or somebody else on its port."""

import json
import re
import time
from enum import StrEnum

from termai.jobs.processes import ProcessId, is_alive

_READ = 4096  # bytes of an answer that are looked at


class Health(StrEnum):
    """What answers at a server's address.

    FOREIGN: something that is not a llama.cpp server.
    """

    READY = "ready"
    LOADING = "loading"
    UNREACHABLE = "unreachable"
    FOREIGN = "foreign"


def probe(url: str, timeout_s: float = 1.0) -> Health:
    """Ask ``GET /health`` at ``http://HOST:PORT``, never by a proxy and never for longer.

    llama-server and the embedded host answer 200 with ``{"status": "ok"}`` when ready and 503
    while they load (tools/server/README.md, "GET /health").
    """
    scheme, _, address = url.partition("://")
    host, _, port = address.rpartition(":")
    if scheme != "http" or not host or not port.isdecimal():
        raise ValueError(f"expected http://HOST:PORT, found {url!r}")
    try:
        answer = _asked(host, int(port), time.monotonic() + timeout_s)
    except OSError:
        return Health.UNREACHABLE
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.\d (\d{3})\b", head)
    return _judge(int(found[1]), body) if found else Health.FOREIGN


def _asked(host: str, port: int, deadline: float) -> bytes:
    """Return what comes until ``deadline``, at most _READ bytes; OSError when it does not end.

    HTTP/1.0 makes the server end its answer by closing the connection (RFC 1945).
    """
    import socket

    def left() -> float:
        return max(0.001, deadline - time.monotonic())

    answer = b""
    with socket.create_connection((host.strip("[]"), port), timeout=left()) as connection:
        connection.sendall(f"GET /health HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        while len(answer) < _READ:
            connection.settimeout(left())
            piece = connection.recv(_READ)
            if not piece:
                break
            answer += piece
            if time.monotonic() >= deadline:
                raise TimeoutError
    return answer


def owns_port(process: ProcessId | None, port: int) -> bool | None:
    """Tell whether a process or one of its children listens on ``port``; None if unknowable."""
    if not process or not is_alive(process):
        return False
    import psutil

    try:
        top = psutil.Process(process.pid)
        family = [top, *top.children(recursive=True)]
        return any(
            one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
            for member in family
            for one in member.net_connections("inet")
        )
    except psutil.NoSuchProcess:
        return False
    except (psutil.Error, OSError):
        return None


def _judge(status: int, body: bytes) -> Health:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    if status == 200:
        ok = isinstance(told, dict) and told.get("status") == "ok"
        return Health.READY if ok else Health.FOREIGN
    if status == 503:
        return Health.LOADING if isinstance(told, dict) else Health.FOREIGN
    return Health.FOREIGN
