"""Addresses in profiles: of a server that speaks the OpenAI API, and of a Ray cluster."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from termai.profiles.hosts import is_loopback

_PORTS = {"http": 80, "https": 443}
_RAY_HOST = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,252}\w)?|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: ``base`` is its URL without a slash or ``/v1`` at the end."""

    base: str
    scheme: str
    host: str
    port: int

    @property
    def in_the_clear(self) -> bool:
        """Whether what is sent there can be read on the way."""
        return self.scheme == "http" and not is_loopback(self.host)

    @property
    def models(self) -> str:
        """The URL that lists the models."""
        return f"{self.base}/v1/models"

    @property
    def health(self) -> str:
        """The URL at which llama.cpp's servers and vLLM tell how they are."""
        return f"{self.base}/health"


class RefusedAddressError(ValueError):
    """A text that is no such address; the message completes a sentence that begins with it."""


def parse_ray(text: str) -> str:
    """Return the address of a Ray cluster as Ray takes it; raises RefusedAddressError.

    ``auto``, ``HOST:PORT`` or ``ray://HOST:PORT`` (Ray's documentation of ``ray.init``).
    """
    if text == "auto":
        return text
    host, colon, port = text.removeprefix("ray://").rpartition(":")
    if not (colon and _RAY_HOST.fullmatch(host) and _PORT.fullmatch(port) and int(port) < 1 << 16):
        raise RefusedAddressError(
            "is no Ray cluster: expected auto, HOST:PORT or ray://HOST:PORT, such as 10.0.0.1:6379"
        )
    return text


def parse(url: str) -> Address:
    """Return the address in a URL; raises RefusedAddressError.

    Names and passwords before the host are refused, because addresses are shown; what is left is
    ``http`` or ``https``, a host, a port and a path (RFC 3986).
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RefusedAddressError("is no address") from None
    if parts.scheme not in _PORTS or not host or not text.isprintable() or " " in text:
        raise RefusedAddressError("is no address such as http://127.0.0.1:11434")
    if "@" in parts.netloc:
        raise RefusedAddressError("has a name or password before its host")
    if parts.query or parts.fragment:
        raise RefusedAddressError("has more than a host, a port and a path")
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    return Address(
        f"{parts.scheme}://{parts.netloc}{path}", parts.scheme, host, port or _PORTS[parts.scheme]
    )
