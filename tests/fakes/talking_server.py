"""A server that says a given text at a given rate, as a job like any other: `python -m` it.

Its log lines and chunks have the form that llama-server's had when they were recorded for
``recorded/`` and tests/servers/logs. A question that contains "die" kills it after half the text.
"""

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from termai.jobs import control
from termai.jobs.records import Job
from tests.support import free_port

CONTEXT = 4096
MODEL = "/models/talker.gguf"
_PIECE = re.compile(r"\s*\S{1,4}|\s+")
_REPOSITORY = Path(__file__).parents[2]


def launch(text: str, directory: Path, *, per_second: float = 1000.0, name: str = "talker") -> Job:
    """Start the server as the job of a server called ``name``."""
    said = directory / f"{name}.txt"
    said.write_text(text)
    port = free_port()
    argv = [
        sys.executable,
        "-m",
        "tests.fakes.talking_server",
        str(port),
        str(said),
        str(per_second),
    ]
    meta = {
        "profile": name,
        "engine": "llama-server",
        "url": f"http://127.0.0.1:{port}",
        "host": "127.0.0.1",
        "port": port,
        "model": MODEL,
        "values": {},
    }
    return control.launch("server", name, argv, cwd=_REPOSITORY, meta=meta)


def pieces(text: str) -> list[str]:
    """Return the text in pieces of about four letters, as tokens are."""
    return _PIECE.findall(text)


async def _serve(port: int, text: str, per_second: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await _exchange(reader, writer, text, per_second)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print("0.00.100.000 I srv  llama_server: model loaded", flush=True)
    print(f"0.00.100.000 I srv  llama_server: listening on http://127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str, per_second: float
) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    found = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(found[1]) if found else 0)
    path = head.split(" ", 2)[1]
    if path == "/v1/chat/completions":
        question = json.loads(body)["messages"][-1]["content"]
        await _talk(writer, text, per_second, dies="die" in question)
        return
    answers = {
        "/health": {"status": "ok"},
        "/props": {"default_generation_settings": {"n_ctx": CONTEXT}, "model_path": MODEL},
    }
    found_answer = answers.get(path)
    answer = json.dumps(found_answer or {"error": {"message": "Not Found"}}).encode()
    status = "200 OK" if found_answer else "404 Not Found"
    start = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
    writer.write(f"{start}Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
    await writer.drain()


async def _talk(writer: asyncio.StreamWriter, text: str, per_second: float, *, dies: bool) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    tokens = pieces(text)
    start = time.monotonic()
    for number, token in enumerate(tokens):
        if dies and number > len(tokens) // 2:
            os._exit(9)
        wait = start + number / per_second - time.monotonic()
        if wait > 0.002:
            await asyncio.sleep(wait)
        _event(writer, {"choices": [{"delta": {"content": token}}], "model": MODEL})
        await writer.drain()
    for end in _ends(len(tokens)):
        _event(writer, end)
    _chunk(writer, b"data: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def _ends(count: int) -> Iterator[dict[str, object]]:
    yield {"choices": [{"delta": {}, "finish_reason": "stop"}], "model": MODEL}
    usage = {"prompt_tokens": 20, "completion_tokens": count, "total_tokens": 20 + count}
    yield {"choices": [], "model": MODEL, "usage": usage}


def _event(writer: asyncio.StreamWriter, data: object) -> None:
    _chunk(writer, b"data: " + json.dumps(data).encode() + b"\n\n")


def _chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("text", type=Path)
    parser.add_argument("per_second", type=float)
    given = parser.parse_args()
    asyncio.run(_serve(given.port, given.text.read_text(), given.per_second))
