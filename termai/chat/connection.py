"""The HTTP side of a chat: connecting, waiting for a loading model, noticing a stall."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from termai.chat import failures
from termai.chat.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx2

BODY_LIMIT: Final = 8 << 20
_LOADING: Final = 503
_KEEP_ALIVE_S: Final = 2.0  # llama-server and uvicorn close idle connections after 5 s

Waiting = Callable[[float, str], None]
"""Called with the seconds waited so far and what the server says while it is not ready."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, in seconds.

    connect_s: for a connection. first_s: for the first byte of an answer, before which a
    server without progress reports may read a long prompt for an hour. stall_s: for the next
    byte of an answer that has begun. loading_s: for a server that says it is loading.
    ask_s: for a short question such as the size of the context.
    """

    connect_s: float = 5.0
    first_s: float = 3600.0
    stall_s: float = 180.0
    loading_s: float = 900.0
    ask_s: float = 10.0


class Connection:
    """HTTP connections to one endpoint, used within one event loop and opened when needed.

    The proxies of the environment apply, except for a server on this machine. Redirections are
    not followed, so that the key goes to no other server.
    """

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self.endpoint = endpoint
        self.patience = patience
        self._http: httpx2.AsyncClient | None = None

    async def close(self) -> None:
        """Close every connection; answers in flight end."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.aclose()

    async def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
        """Return the JSON object that answers a short question, or None when there is no such
        question on this server.

        Raises UnreachableError, and what `failures.refused` makes of other refusals.
        """
        patience = self.patience.ask_s
        response = await self._send(method, path, body, patience)
        try:
            async with asyncio.timeout(patience):
                content = await self.body(response)
        except TimeoutError as error:
            raise failures.stalled(self.endpoint, patience, begun=False) from error
        finally:
            await response.aclose()
        if response.status_code in (404, 405, 501):
            return None
        if response.status_code != 200:
            raise failures.refused(self.endpoint, response.status_code, content)
        try:
            found = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    async def post(
        self, path: str, body: Any, on_wait: Waiting | None
    ) -> tuple["httpx2.Response", bytes]:
        """Return the response to a request, with its whole body unless it is a success.

        While the server answers 503, which is how it says that it loads, the request is
        repeated for up to ``Patience.loading_s``. The caller closes the response.
        """
        began, pause = time.monotonic(), 0.1
        while True:
            response = await self._send("POST", path, body, self.patience.first_s, last=True)
            if response.status_code == 200:
                return response, b""
            content = await self._refusal(response)
            waited = time.monotonic() - began
            if response.status_code != _LOADING:
                return response, content
            if waited >= self.patience.loading_s:
                raise failures.still_loading(self.endpoint, self.patience.loading_s, content)
            if on_wait is not None:
                on_wait(waited, failures.said(self.endpoint, content))
            await asyncio.sleep(min(pause, self.patience.loading_s - waited))
            pause = min(pause * 1.5, 1.0)

    async def chunks(self, response: "httpx2.Response") -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a response as they come.

        Raises UnreachableError when the connection breaks, or when nothing comes for
        ``Patience.first_s`` at the beginning or ``Patience.stall_s`` later.
        """
        import httpx2

        limit, begun = self.patience.first_s, False
        async with aclosing(response.aiter_bytes()) as chunks:
            while True:
                try:
                    async with asyncio.timeout(limit):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise failures.stalled(self.endpoint, limit, begun=begun) from error
                except httpx2.HTTPError as error:
                    raise failures.broken_off(self.endpoint, error) from error
                limit, begun = self.patience.stall_s, True
                yield chunk

    async def body(self, response: "httpx2.Response") -> bytes:
        """Return the whole body of a response, at most BODY_LIMIT bytes of it."""
        found: list[bytes] = []
        size = 0
        async with aclosing(self.chunks(response)) as chunks:
            async for chunk in chunks:
                found.append(chunk)
                size += len(chunk)
                if size > BODY_LIMIT:
                    break
        return b"".join(found)[:BODY_LIMIT]

    async def _refusal(self, response: "httpx2.Response") -> bytes:
        """Return what a refusing server says, and nothing if it takes too long over it."""
        try:
            async with asyncio.timeout(self.patience.ask_s):
                return await self.body(response)
        except TimeoutError:
            return b""
        finally:
            await response.aclose()

    async def _send(
        self, method: str, path: str, body: Any, patience_s: float, *, last: bool = False
    ) -> "httpx2.Response":
        """Send one request, the ``last`` one on its connection where an answer is streamed:
        a server that failed in mid-stream closes it without a word.
        """
        import httpx2

        http = self._client()
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Connection": "close"} if last else {}
        url = self.endpoint.url(path)
        request = http.build_request(method, url, content=content, headers=headers)
        try:
            async with asyncio.timeout(patience_s):
                return await http.send(request, stream=True)
        except TimeoutError as error:
            raise failures.stalled(self.endpoint, patience_s, begun=False) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise failures.unreachable(self.endpoint, error) from error

    def _client(self) -> "httpx2.AsyncClient":
        if self._http is None:
            import httpx2

            headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
            if self.endpoint.api_key:
                headers["Authorization"] = f"Bearer {self.endpoint.api_key}"
            self._http = httpx2.AsyncClient(
                headers=headers,
                transport=self._transport(),
                timeout=httpx2.Timeout(None, connect=self.patience.connect_s, pool=None),
                limits=httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_S),
                trust_env=not self.endpoint.is_loopback,
                verify=not self.endpoint.origin.startswith("http:"),
            )
        return self._http

    def _transport(self) -> "httpx2.AsyncBaseTransport | None":
        """Return the cheap way to a server on this machine, None for httpx2's own elsewhere."""
        if not (self.endpoint.is_loopback and self.endpoint.origin.startswith("http:")):
            return None
        from termai.chat.loopback import LoopbackTransport

        return LoopbackTransport()
