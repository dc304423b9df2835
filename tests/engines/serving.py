"""Starting what an engine composed, and asking it things over HTTP."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from termai.engines.base import Launch
from tests.support import wait_until


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """Return the server-sent events, JSON read, comments left out."""
        lines = self.body.decode().splitlines()
        data = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
        return [text if text == "[DONE]" else json.loads(text) for text in data]


class Running:
    """A started server, its log and ways to ask it."""

    def __init__(self, launch: Launch, process: subprocess.Popen[bytes], log: Path) -> None:
        self.launch = launch
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """Return what the server wrote so far."""
        return self._log.read_text(errors="replace")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Answer:
        """Send one request on a connection of its own and read the whole answer."""
        connection = self.connect(timeout)
        try:
            return self._read(connection, method, path, body, headers)
        finally:
            connection.close()

    def connect(self, timeout: float = 60) -> http.client.HTTPConnection:
        """Return a new connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.launch.port, timeout=timeout)

    def chat(self, text: str, **options: Any) -> Answer:
        """Ask one greedy question."""
        message = {"role": "user", "content": text}
        body = {"messages": [message], "temperature": 0, **options}
        return self.ask("POST", "/v1/chat/completions", body)

    def health(self) -> int:
        """Return the status of /health, 0 while nothing listens."""
        try:
            return self.ask("GET", "/health").status
        except OSError:
            return 0

    def wait_ready(self, timeout: float = 60) -> "Running":
        """Wait for /health to answer 200; fails with the log when the server ends before."""

        def ready() -> bool:
            assert self.process.poll() is None, self.log[-3000:]
            return self.health() == 200

        wait_until(ready, timeout=timeout, what="/health answers 200")
        return self

    def ended(self, timeout: float = 30) -> int:
        """Wait for the server to end and return its exit code."""
        return self.process.wait(timeout)

    def stop_takes(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Signal the server; return its exit code and the seconds it took to end."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.ended(), time.monotonic() - began

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server has used."""
        return float(sum(psutil.Process(self.process.pid).cpu_times()[:2]))

    @staticmethod
    def _read(
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: Any,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        raw = (
            body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        )
        sent = {"content-type": "application/json", **(headers or {})}
        connection.request(method, path, raw, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@contextmanager
def running(
    launch: Launch, log: Path, *, extra_env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start ``launch`` as a job would, and leave no process behind."""
    inherited = {**os.environ, **(extra_env or {})}
    env = {k: v for k, v in inherited.items() if k not in launch.unset_env} | dict(launch.env)
    with log.open("ab") as stream:
        process = subprocess.Popen(
            launch.argv,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=env,
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        yield Running(launch, process, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
