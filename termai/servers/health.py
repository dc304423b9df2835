"""Asking a server itself: ready, loading, silent, or somebody else on its port."""

import json
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
    import http.client

    scheme, _, address = url.partition("://")
    if scheme != "http" or not address:
        raise ValueError(f"expected http://HOST:PORT, found {url!r}")
    connection = http.client.HTTPConnection(address, timeout=timeout_s)
    try:
        connection.request("GET", "/health", headers={"Connection": "close"})
        answer = connection.getresponse()
        return _judge(answer.status, answer.read(_READ))
    except http.client.HTTPException:
        return Health.FOREIGN
    except OSError:
        return Health.UNREACHABLE
    finally:
        connection.close()


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
