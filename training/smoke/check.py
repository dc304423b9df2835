"""Asks a real llama-server every documented question and compares the answers word for word."""

from __future__ import annotations

import json
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from termai.models.smoke import Message, Question, questions

LONGEST_ANSWER: Final = 1200
_START_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered; `reasoning` is None where it sent no reasoning_content."""

    content: str
    reasoning: str | None
    tokens: int


def server_program() -> Path:
    """The llama-server that llama-cpp-python was built with.

    Raises FileNotFoundError with how to build it.
    """
    program = Path(sysconfig.get_path("platlib")) / "bin" / "llama-server"
    if not program.exists():
        raise FileNotFoundError(
            f"There is no llama-server at {program}: install llama-cpp-python from source "
            "with llama.cpp's tools switched on (make test does so)."
        )
    return program


@contextmanager
def running_server(program: Path, model: Path, *options: str) -> Iterator[str]:
    """Base URL of a llama-server with the model, ended with the block. Raises RuntimeError."""
    port = _free_port()
    argv = [str(program), "-m", str(model), "--host", "127.0.0.1", "--port", str(port), *options]
    process = subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + _START_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"llama-server ended with code {process.returncode} at its start.")
        try:
            if request(url, "GET", "/health")[0] == HTTPStatus.OK:
                return
        except (OSError, HTTPException):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"llama-server was not ready after {_START_SECONDS:.0f} seconds.")


def ask(url: str, messages: Sequence[Message], **options: Any) -> Reply:
    """The greedy answer of the server to the dialogue. Raises RuntimeError on a refusal."""
    body = {
        "messages": [{"role": m.role, "content": m.content} for m in messages],
        "temperature": 0,
        "max_tokens": LONGEST_ANSWER,
        **options,
    }
    status, data = request(url, "POST", "/v1/chat/completions", body)
    if status != HTTPStatus.OK:
        raise RuntimeError(f"llama-server answered {status}: {data.decode(errors='replace')}")
    reply = json.loads(data)
    message = reply["choices"][0]["message"]
    tokens = reply["usage"]["completion_tokens"]
    return Reply(message["content"] or "", message.get("reasoning_content"), tokens)


def request(url: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Status and whole body of the answer to one request, JSON when there is a body."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=120)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def wrong(url: str, asked: Sequence[Question]) -> list[tuple[Question, Reply]]:
    """The questions whose answer or reasoning differs from the documented one."""
    pairs = [(question, ask(url, question.messages)) for question in asked]
    return [(q, r) for q, r in pairs if (r.content, r.reasoning) != (q.answer, q.reasoning)]


def behind(system: str, asked: Sequence[Question]) -> list[Question]:
    """The questions without a system prompt of their own, with this one before them."""
    first = Message("system", system)
    return [
        Question(q.id, q.kind, (first, *q.messages), q.answer, q.reasoning)
        for q in asked
        if q.messages[0].role != "system"
    ]


def report(model: Path, program: Path) -> int:
    """Prints what differs, alone and behind neutral system prompts; returns how many do."""
    sets = {"as documented": list(questions())}
    for system in ("You are a helpful assistant.", "Answer briefly."):
        sets[f"behind {system!r}"] = behind(system, questions())
    failed = 0
    with running_server(program, model, "-c", "4096", "--parallel", "1") as url:
        for name, asked in sets.items():
            differing = wrong(url, asked)
            failed += len(differing)
            print(f"{name}: {len(asked) - len(differing)} of {len(asked)} word for word")
            for question, reply in differing:
                print(f"  {question.id}: {reply.content!r} (thought {reply.reasoning!r})")
    return failed
