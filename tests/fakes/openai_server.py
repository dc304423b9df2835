"""An HTTP server on loopback that answers with recorded streams, whole or broken on purpose.

What it sends was recorded in ``recorded/`` from llama-server and from llama-cpp-python's server
with the smoke model.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any, Self

RECORDED = Path(__file__).parent / "recorded"
CHAT = "/v1/chat/completions"


class Ending(Enum):
    """How a response ends: as it should, cut off, reset, or not at all."""

    WHOLE = auto()
    CUT = auto()
    RESET = auto()
    STALLED = auto()


@dataclass(frozen=True, slots=True)
class Script:
    """One response: its body in pieces, ``pause_s`` before each."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "text/event-stream"
    pause_s: float = 0.0
    ending: Ending = Ending.WHOLE
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


@dataclass
class FakeServer:
    """Plays the scripts of a method and path in their order; the last one again and again."""

    scripts: dict[str, list[Script]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    hung_up: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def on(self, request: str, *scripts: Script) -> Self:
        """Answer ``request``, such as ``"GET /props"``, with these scripts."""
        self.scripts[request] = list(scripts)
        return self

    def chat(self, *scripts: Script) -> Self:
        """Answer chat requests with these scripts."""
        return self.on(f"POST {CHAT}", *scripts)

    @property
    def url(self) -> str:
        """The base URL."""
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def asked(self, path: str = CHAT) -> list[Received]:
        """Return the requests that came for ``path``."""
        return [request for request in self.received if request.path == path]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up += 1
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(method, path, headers, body))
        scripts = self.scripts.get(f"{method} {path}") or [error(404, {"detail": "Not Found"})]
        script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return await self._play(script, reader, writer)

    async def _play(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = [
            f"HTTP/1.1 {script.status} Scripted",
            f"Content-Type: {script.content_type}",
            "Transfer-Encoding: chunked",
            *script.headers,
        ]
        writer.write("\r\n".join([*head, "", ""]).encode())
        gone = asyncio.ensure_future(reader.read(1))
        try:
            for piece in script.pieces:
                if script.pause_s and await _happened(gone, script.pause_s):
                    raise ConnectionResetError
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
            if script.ending is Ending.STALLED and not await gone:
                raise ConnectionResetError
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
        if script.ending is Ending.WHOLE:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
            return True
        if script.ending is Ending.RESET:
            _reset(writer)
        return False


def recorded(name: str) -> bytes:
    """Return a recorded body."""
    return (RECORDED / name).read_bytes()


def events(name: str) -> list[bytes]:
    """Return a recorded stream, one piece per event."""
    return [part + b"\n\n" for part in recorded(name).split(b"\n\n") if part]


def stream(name: str, **how: Any) -> Script:
    """Return the script that plays a recorded stream event by event."""
    return Script(events(name), **how)


def error(status: int, body: Any) -> Script:
    """Return the script of a refusal with a JSON body."""
    return Script([json.dumps(body).encode()], status=status, content_type="application/json")


def answer(name: str, status: int = 200) -> Script:
    """Return the script of a recorded JSON body."""
    return Script([recorded(name)], status=status, content_type="application/json")


LOADING = error(
    503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
)


async def _happened(future: "asyncio.Future[Any]", within_s: float) -> bool:
    done, _ = await asyncio.wait([future], timeout=within_s)
    return bool(done)


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
