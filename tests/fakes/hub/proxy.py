"""An HTTP proxy on loopback that writes down what it was asked to fetch."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """A running proxy: its address, and the addresses that went through it."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    refuses: bool = False


@contextmanager
def serving_proxy() -> Iterator[Proxy]:
    """Serve a proxy on 127.0.0.1 as long as the block runs."""
    proxy = Proxy()
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads, server.block_on_close = True, False
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Pass on a request without a body."""
        self._pass_on()

    def do_GET(self) -> None:
        """Pass on a request without a body."""
        self._pass_on()

    def do_CONNECT(self) -> None:
        """Write down the host that is wanted by TLS, and refuse."""
        self.proxy.asked.append(self.path)
        self.send_error(502)

    def _pass_on(self) -> None:
        self.proxy.asked.append(self.path)
        if self.proxy.refuses:
            self.send_error(407)
            return
        parts = urlsplit(self.path)
        connection = HTTPConnection(parts.netloc, timeout=30)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")}
        connection.request(self.command, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        connection.close()
