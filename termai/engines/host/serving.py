"""The life of the host: bind, answer 503, load, answer, stop."""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from termai.engines.access import read_keys, url_of
from termai.engines.host.app import Service, build
from termai.engines.host.console import fail, say
from termai.engines.host.settings import HostSettings
from termai.errors import StartFailedError, TermaiError

if TYPE_CHECKING:
    from termai.engines.host.model import Model

BACKLOG = 128
STOP_LIMIT_S = 4.0


def serve(settings: HostSettings) -> int:
    """Serve until a signal or a failure, and return the exit code.

    0 after SIGTERM, 130 after SIGINT, 5 when the port is taken or the model does not load.
    """
    try:
        keys = read_keys(Path(settings.api_key_file)) if settings.api_key_file else ()
        listener = _bind(settings.host, settings.port)
    except TermaiError as error:
        fail(str(error))
        return error.exit_code
    say(f"listening on {url_of(settings.host, settings.port)}")
    return asyncio.run(_Life(settings).run(keys, listener))


class _Server(uvicorn.Server):
    """uvicorn without its own idea of signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to ``_Life``."""
        yield


class _Life:
    """One run of the server, from the bound socket to the exit code."""

    def __init__(self, settings: HostSettings) -> None:
        self._service = Service(settings)
        self._settings = settings
        self._code = 0

    async def run(self, keys: tuple[str, ...], listener: socket.socket) -> int:
        """Answer on ``listener`` while the model loads and after."""
        config = uvicorn.Config(
            build(self._service, keys),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            backlog=BACKLOG,
        )
        self._server = _Server(config)
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._stop, number)
        threading.Thread(target=self._load, name="load", daemon=True).start()
        await self._server.serve(sockets=[listener])
        return self._code

    def _stop(self, number: int) -> None:
        """End within STOP_LIMIT_S seconds, also amid a prompt; at once if asked twice."""
        if self._server.should_exit:
            os._exit(self._code)
        self._code = 0 if number == signal.SIGTERM else 128 + number
        say(f"stopping: {signal.Signals(number).name}")
        self._end()

    def _end(self) -> None:
        self._service.close()
        self._server.should_exit = True
        deadline = threading.Timer(STOP_LIMIT_S, os._exit, (self._code,))
        deadline.daemon = True
        deadline.start()

    def _load(self) -> None:
        """Load the model in a thread, so that probes are answered meanwhile."""
        started = time.monotonic()
        say(f"loading {self._settings.model}")
        try:
            from termai.engines.host import requests, streaming, turns  # noqa: F401
            from termai.engines.host.model import load

            model = load(self._settings)
        except Exception as error:  # noqa: BLE001  whatever it is, it is why there is no server
            self._loop.call_soon_threadsafe(self._give_up, str(error) or type(error).__name__)
            return
        say(f"loaded in {time.monotonic() - started:.2f} s")
        self._loop.call_soon_threadsafe(self._ready, model)

    def _ready(self, model: "Model") -> None:
        self._service.ready(model)
        say("main: model loaded")

    def _give_up(self, sentence: str) -> None:
        fail(sentence)
        self._code = StartFailedError.exit_code
        self._end()


def _bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises StartFailedError when the address cannot be had."""
    name = host.strip("[]")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        raise StartFailedError(
            f"Port {port} on {host} cannot be listened on: {error.strerror}.",
            fix="Choose another port under [server], or stop what uses this one.",
        ) from error
    return listener
