"""The contents behind a hub: an HTTP server of signed addresses, on an origin of its own.

Answers as an object store does: ranges with 206 and Content-Range, 416 behind the end, 403 for
a signature that is wrong or expired (RFC 9110; the form of the address is our own).
"""

import hashlib
import hmac
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.hub.faults import Fault, Faults, Kind

_PIECE = 1 << 16
_SECRET = b"signed on loopback"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file: in memory, or of a file on disk that is sent by the kernel."""

    data: bytes = b""
    path: Path | None = None

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.path.stat().st_size if self.path else len(self.data)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes, in hexadecimal."""
        if self.path is None:
            return hashlib.sha256(self.data).hexdigest()
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes from ``offset``."""
        if self.path is None:
            return self.data[offset : offset + length]
        with self.path.open("rb") as stream:
            stream.seek(offset)
            return stream.read(length)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came: the path without its query, the first byte asked for, the headers."""

    path: str
    start: int
    headers: Mapping[str, str]


@dataclass
class Files:
    """A running server of contents; ``rate`` is bytes per second of each answer, 0 for no limit."""

    faults: Faults = field(default_factory=Faults)
    rate: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    sent: int = 0
    url: str = ""
    contents: dict[str, Content] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)

    def add(self, content: Content, *, key: str = "", etag: str = "") -> str:
        """Take a content and return the key to sign addresses for."""
        key = key or f"{len(self.contents)}-{content.size}"
        self.contents[key] = content
        self.etags[key] = (
            etag or f'"{hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()}"'
        )
        return key

    def sign(self, key: str, seconds: float = 3600.0) -> str:
        """Return an address that is valid for so many seconds from now."""
        expires = f"{time.time() + seconds:.3f}"
        return f"{self.url}/{key}?Expires={expires}&Signature={_signature(key, expires)}"


@contextmanager
def serving(files: Files | None = None, port: int = 0) -> Iterator[Files]:
    """Serve contents on 127.0.0.1 as long as the block runs."""
    files = files or Files()
    handler = type("Handler", (_FileHandler,), {"served": files})

    server = _Server(("127.0.0.1", port), handler)
    files.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(
    handler: BaseHTTPRequestHandler,
    content: Content,
    *,
    headers: Mapping[str, str] | None = None,
    fault: Fault | None = None,
    rate: float = 0.0,
) -> int:
    """Answer a GET or HEAD with a content or the part of it that is asked for.

    Returns the number of bytes of the body that were sent.
    """
    if fault and fault.kind in (Kind.STATUS, Kind.EXPIRED):
        return _refuse(handler, fault)
    start, end = _range(handler, content.size, fault)
    if start >= content.size > 0 or start > end:
        return _answer(handler, 416, {"Content-Range": f"bytes */{content.size}"})
    whole = end - start == content.size and "Range" not in handler.headers
    ignored = fault is not None and fault.kind is Kind.IGNORE_RANGE
    status = 200 if whole or ignored else 206
    fields = {"Accept-Ranges": "bytes", **_about(content, start, end, status, fault)}
    _head(handler, status, {**(headers or {}), **fields})
    if handler.command == "HEAD":
        return 0
    return _body(handler, content, start, end, fault, rate)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave out the traceback of a client that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _FileHandler(BaseHTTPRequestHandler):
    served: Files
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer as to GET, without a body."""
        self.do_GET()

    def do_GET(self) -> None:
        """Send a content to whoever has a valid signature."""
        files = self.served
        parts = urlsplit(self.path)
        key = parts.path.removeprefix("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        start = _asked_from(self.headers.get("Range", ""))
        files.asked.append(Asked(key, start, dict(self.headers.items())))
        expires = query.get("Expires", "0")
        good = hmac.compare_digest(_signature(key, expires), query.get("Signature", ""))
        if not good or float(expires) < time.time():
            _answer(self, 403, {})
        elif key not in files.contents:
            _answer(self, 404, {})
        else:
            fault = files.faults.take(key, "files", self.command)
            fields = {"ETag": files.etags[key]}
            files.sent += send(
                self, files.contents[key], headers=fields, fault=fault, rate=files.rate
            )


def _signature(key: str, expires: str) -> str:
    return hmac.new(_SECRET, f"{key} {expires}".encode(), "sha256").hexdigest()


def _asked_from(value: str) -> int:
    first = value.removeprefix("bytes=").partition("-")[0]
    return int(first) if first.isdecimal() else 0


def _range(handler: BaseHTTPRequestHandler, size: int, fault: Fault | None) -> tuple[int, int]:
    """Return the first byte to send and the one behind the last."""
    value = handler.headers.get("Range", "")
    if not value.startswith("bytes=") or (fault and fault.kind is Kind.IGNORE_RANGE):
        return 0, size
    first, _, last = value.removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size
    start = int(first)
    if fault and fault.kind is Kind.WRONG_RANGE:
        start = max(0, start - 7)
    return start, min(int(last) + 1, size) if last else size


def _about(
    content: Content, start: int, end: int, status: int, fault: Fault | None
) -> dict[str, str]:
    kind = fault.kind if fault else None
    size = content.size + (1 if kind is Kind.WRONG_SIZE else 0)
    length = end - start
    if kind is Kind.SHORT and fault:
        length = min(length, fault.after)
    if kind is Kind.WRONG_SIZE and status == 200:
        length += 1
    fields = {"Content-Length": str(length), "Content-Type": "application/octet-stream"}
    if status == 206:
        fields["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if kind is Kind.WRONG_ETAG:
        fields["ETag"] = '"0123456789abcdef0123456789abcdef"'
    if kind is Kind.GZIP:
        fields["Content-Encoding"] = "gzip"
    return fields


def _body(
    handler: BaseHTTPRequestHandler,
    content: Content,
    start: int,
    end: int,
    fault: Fault | None,
    rate: float,
) -> int:
    stops = {Kind.RESET, Kind.STALL, Kind.TRUNCATE, Kind.SHORT}
    stop = min(end, start + fault.after) if fault and fault.kind in stops else end
    plain = not rate and (fault is None or fault.kind in stops)
    if plain and content.path:
        _send_by_kernel(handler, content.path, start, stop)
    else:
        _send_pieces(handler, content, start, stop, fault, rate)
    if fault and fault.kind in stops:
        _end(handler, fault)
    return stop - start


def _send_pieces(
    handler: BaseHTTPRequestHandler,
    content: Content,
    start: int,
    stop: int,
    fault: Fault | None,
    rate: float,
) -> None:
    piece = min(_PIECE, max(1024, int(rate * 0.02))) if rate else _PIECE
    begun = time.monotonic()
    for offset in range(start, stop, piece):
        data = content.read(offset, min(piece, stop - offset))
        if fault and fault.kind is Kind.FLIP and offset <= fault.after < offset + len(data):
            at = fault.after - offset
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        if fault and fault.kind is Kind.OTHER:
            data = bytes(len(data))
        handler.wfile.write(data)
        if rate:
            due = begun + (offset + len(data) - start) / rate
            time.sleep(max(0.0, due - time.monotonic()))


def _send_by_kernel(handler: BaseHTTPRequestHandler, path: Path, start: int, stop: int) -> None:
    handler.wfile.flush()
    with path.open("rb") as stream:
        while start < stop:
            start += os.sendfile(
                handler.connection.fileno(), stream.fileno(), start, min(1 << 20, stop - start)
            )


def _end(handler: BaseHTTPRequestHandler, fault: Fault) -> None:
    """Break off as the fault says."""
    handler.close_connection = True
    handler.wfile.flush()
    if fault.kind is Kind.STALL:
        handler.connection.settimeout(fault.seconds)
        try:
            handler.connection.recv(1)  # until the client goes away
        except OSError:
            return
    elif fault.kind is Kind.RESET:
        hard = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        handler.connection.close()


def _refuse(handler: BaseHTTPRequestHandler, fault: Fault) -> int:
    fields = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    return _answer(handler, 403 if fault.kind is Kind.EXPIRED else fault.status, fields)


def _answer(handler: BaseHTTPRequestHandler, status: int, fields: Mapping[str, str]) -> int:
    _head(handler, status, {"Content-Length": "0", **fields})
    return 0


def _head(handler: BaseHTTPRequestHandler, status: int, fields: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, value in fields.items():
        handler.send_header(name, value)
    handler.end_headers()
