"""Requests to the hub: within time, retried a little, with the token for the hub's origin only.

huggingface_hub retries for up to a minute and waits for ever for an answer; here a hub that is
not there is told within seconds. What fails is raised as an error of termai, which passes through
huggingface_hub's own retries.
"""

import email.utils
import re
import time
import zlib
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2

from termai.errors import InvalidFileError
from termai.models.hub.deadline import trace, until
from termai.models.hub.place import Place, same_origin
from termai.models.hub.unreachable import busy, explained, too_long

MOST = "termai.most"  # request extension: read at most so many bytes, and leave the rest

_LIMIT = 64 << 20  # bytes of an answer that are read
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})")
_REPEATABLE = frozenset({"GET", "HEAD"})


class Patience(NamedTuple):
    """How long to wait for the hub, in seconds; ``whole_s`` is for one request with its retries.

    pauses: before each new try. longest_pause_s: the most that Retry-After may ask for.
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    whole_s: float = 60.0
    pauses: tuple[float, ...] = (0.5, 1.5)
    longest_pause_s: float = 10.0


PATIENCE = Patience()


class HubTransport(httpx2.BaseTransport):
    """Sends requests through ``inner``, which knows the proxies, and reads the answers."""

    def __init__(
        self, inner: httpx2.Client, place: Place, patience: Patience | None = None
    ) -> None:
        self._inner, self._place = inner, place
        self._patience = patience or PATIENCE

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, read to its end; raises UnreachableError, InvalidFileError."""
        self._prepare(request)
        deadline = time.monotonic() + self._patience.whole_s
        pauses = self._patience.pauses if request.method in _REPEATABLE else ()
        for pause in (*pauses, None):
            try:
                with until(deadline):
                    answer = self._send(request, deadline)
            except httpx2.TransportError as error:
                if time.monotonic() >= deadline:
                    raise too_long(str(request.url)) from error
                unreachable = explained(error, str(request.url), self._place)
                if pause is None or unreachable.final or time.monotonic() + pause > deadline:
                    raise unreachable from error
                time.sleep(pause)
                continue
            if answer.status_code not in _BUSY:
                return answer
            self._wait_or_raise(answer, pause, deadline)
        raise AssertionError("the last try returns or raises")

    def close(self) -> None:
        """Close every connection."""
        self._inner.close()

    def _prepare(self, request: httpx2.Request) -> None:
        if not same_origin(str(request.url), self._place.endpoint):
            request.headers.pop("Authorization", None)
            request.headers.pop("Cookie", None)
        part = "Range" in request.headers or MOST in request.extensions
        request.headers["Accept-Encoding"] = "identity" if part else "gzip"
        patience = self._patience
        timeout = httpx2.Timeout(patience.read_s, connect=patience.connect_s)
        bounds = {"timeout": timeout.as_dict(), "trace": trace}
        request.extensions = {**request.extensions, **bounds}

    def _send(self, request: httpx2.Request, deadline: float) -> httpx2.Response:
        answer = self._inner.send(request, stream=True, follow_redirects=False)
        try:
            most = request.extensions.get(MOST)
            if most is None:
                body = _whole(answer, deadline)
            else:
                body = _beginning(answer, int(most), deadline)
        finally:
            answer.close()
        dropped = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(k, v) for k, v in answer.headers.multi_items() if k.lower() not in dropped]
        if request.method == "HEAD" and "content-length" in answer.headers:
            headers.append(("content-length", answer.headers["content-length"]))
        return httpx2.Response(answer.status_code, headers=headers, content=body, request=request)

    def _wait_or_raise(self, answer: httpx2.Response, pause: float | None, deadline: float) -> None:
        """Wait before the next try, as long as the hub asks within bounds."""
        asked = retry_after(answer)
        wait = max(pause or 0.0, asked)
        late = time.monotonic() + wait > deadline
        if pause is None or late or asked > self._patience.longest_pause_s:
            raise busy(answer.status_code, str(answer.request.url), asked)
        time.sleep(wait)


def retry_after(answer: httpx2.Response) -> float:
    """Return the seconds that the hub asks to wait, 0 when it does not.

    Retry-After is a number or a date (RFC 9110); the hub's RateLimit header says ``r=0;t=55`` when
    nothing is left for 55 seconds (draft-ietf-httpapi-ratelimit-headers).
    """
    value = answer.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    if value:
        try:
            return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
        except (TypeError, ValueError, OverflowError):
            return 0.0
    left = _RATE_LIMIT.search(answer.headers.get("RateLimit", ""))
    return float(left[1]) if left else 0.0


def _whole(answer: httpx2.Response, deadline: float) -> bytes:
    """Read an answer of bounded size, compressed with gzip or not at all."""
    data = bytearray()
    for piece in answer.iter_raw():
        data += piece
        _check(len(data), answer, deadline)
    encoding = answer.headers.get("Content-Encoding", "identity").lower()
    if encoding in ("", "identity") or not data:
        return bytes(data)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _unreadable(answer, f"is encoded as {encoding[:20]!r}, which was not asked for")
    try:
        unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, as the bytes say
        plain = unpacker.decompress(bytes(data), _LIMIT + 1)
    except zlib.error:
        raise _unreadable(answer, "is compressed and cannot be unpacked") from None
    _check(len(plain), answer, deadline)
    return plain


def _beginning(answer: httpx2.Response, most: int, deadline: float) -> bytes:
    data = bytearray()
    for piece in answer.iter_raw():
        data += piece
        if len(data) >= most:
            break
        _check(0, answer, deadline)
    return bytes(data[:most])


def _check(length: int, answer: httpx2.Response, deadline: float) -> None:
    if length > _LIMIT:
        raise _unreadable(answer, f"is longer than {_LIMIT >> 20} MiB, the most that is read")
    if time.monotonic() > deadline:
        raise too_long(str(answer.request.url))


def _unreadable(answer: httpx2.Response, problem: str) -> InvalidFileError:
    host = urlsplit(str(answer.request.url)).netloc.rpartition("@")[2]
    return InvalidFileError(
        f"The answer of {host} {problem}.",
        fix="Is that a hub? HF_ENDPOINT or hub_endpoint names it.",
    )
