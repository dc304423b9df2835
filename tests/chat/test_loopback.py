"""HTTP on this machine: framing, and servers that do not keep to it."""

import asyncio
from itertools import pairwise

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.chat.loopback import ChunkedDecoder, LoopbackTransport
from tests.support import free_port


def chunked(parts: list[bytes]) -> bytes:
    framed = [b"%X;note=1\r\n%s\r\n" % (len(part), part) for part in parts if part]
    return b"".join([*framed, b"0\r\nTrailer: x\r\n\r\n"])


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(0, 400)))
def test_chunks_come_whole_however_they_are_split(parts: list[bytes], cuts: list[int]) -> None:
    raw = chunked(parts)
    decoder = ChunkedDecoder()
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    assert b"".join(decoder.feed(raw[a:b]) for a, b in pairwise(places)) == b"".join(parts)
    assert decoder.done


@given(st.binary(max_size=100))
def test_garbage_is_refused_or_waited_out(raw: bytes) -> None:
    decoder = ChunkedDecoder()
    try:
        found = decoder.feed(raw)
    except ValueError:
        return
    assert len(found) <= len(raw)


@pytest.mark.parametrize(
    "raw", [b"x\r\n", b"-1\r\n", b"\r\n", b"2\r\nabc\r\n", b"f" * 16 + b"\r\n", b"1" * 5000]
)
def test_what_is_not_chunked_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="chunk"):
        ChunkedDecoder().feed(raw)


async def fetch(raw: bytes, host: str = "127.0.0.1") -> httpx2.Response:
    """Return the response of a server that sends ``raw`` and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with httpx2.AsyncClient(transport=LoopbackTransport()) as http:
            return await http.get(f"http://{host}:{port}/x?y=1")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n\r\nhello",
        b"HTTP/1.0 200\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-length:5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked([b"hel", b"lo"]),
    ],
)
async def test_every_framing_is_understood(raw: bytes) -> None:
    response = await fetch(raw)
    assert (response.status_code, response.content) == (200, b"hello")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 twohundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000,
    ],
)
async def test_what_breaks_the_rules_is_a_protocol_error(raw: bytes) -> None:
    with pytest.raises(httpx2.RemoteProtocolError):
        await fetch(raw)


async def test_localhost_is_this_machine_in_either_protocol() -> None:
    response = await fetch(b"HTTP/1.1 200 OK\r\n\r\nhello", host="localhost")
    assert response.content == b"hello"


async def test_nothing_there_is_a_refused_connection() -> None:
    async with httpx2.AsyncClient(transport=LoopbackTransport()) as http:
        with pytest.raises(httpx2.ConnectError) as caught:
            await http.get(f"http://localhost:{free_port()}/")
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
