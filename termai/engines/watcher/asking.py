"""One question to a server, with a time limit, a size limit and no redirects."""

import socket
import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO, NamedTuple, Protocol

LIMIT = 4 << 20  # bytes of an answer that are read; a service may list thousands of models
_PIECE = 64 << 10


class Answer(NamedTuple):
    """An HTTP status and the beginning of its body."""

    status: int
    body: bytes


class UnansweredError(Exception):
    """Nothing came back; the message says why in a few words."""


class _Readable(Protocol):
    def read1(self, amount: int) -> bytes: ...


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Hands a redirect over as it is: a key is sent to the address it was given for only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def get(url: str, key: str, timeout_s: float, *, by_proxy: bool) -> Answer:
    """Return what ``GET url`` answers, any status; raises UnansweredError.

    The key is sent as a bearer token, and as nothing where it is empty. With ``by_proxy`` the
    environment's proxies are used as Python's urllib understands them.
    """
    headers = {"Accept": "application/json", "User-Agent": "termai"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - checked to be http(s)
    if key:
        request.add_unredirected_header("Authorization", f"Bearer {key}")
    proxies = urllib.request.ProxyHandler() if by_proxy else urllib.request.ProxyHandler({})
    opener = urllib.request.build_opener(proxies, _NoRedirects)
    deadline = time.monotonic() + timeout_s
    try:
        with opener.open(request, timeout=timeout_s) as response:
            return Answer(response.status, _body(response, deadline))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, b"")
    except urllib.error.URLError as error:
        raise UnansweredError(_words(error.reason, timeout_s)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise UnansweredError(_words(error, timeout_s)) from error


def _body(response: _Readable, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < LIMIT and (piece := response.read1(_PIECE)):
        parts.append(piece)
        size += len(piece)
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(parts)[:LIMIT]


def _words(reason: object, timeout_s: float) -> str:
    if isinstance(reason, TimeoutError):
        return f"no answer within {timeout_s:.0f} s"
    if isinstance(reason, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(reason, socket.gaierror):
        return "no host of that name is known"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message})"
    if isinstance(reason, ssl.SSLError):
        return "it does not speak TLS as expected; http in place of https may be right"
    if isinstance(reason, HTTPException):
        return "what answers does not speak HTTP"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason) or type(reason).__name__
