"""The address of a server that speaks the OpenAI API, as a profile's ``url`` names it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from termai.profiles.hosts import is_loopback

_PORTS = {"http": 80, "https": 443}


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
