"""Where a conversation's server is: a base URL and a key, whatever runs behind it."""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from termai.errors import UsageError
from termai.text import one_line

NATIVE_ENGINE = "llama-server"
EMBEDDED_ENGINE = "llama-cpp-python"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An OpenAI-compatible server.

    name: what the person calls it, used in messages.
    base_url: ``http://HOST:PORT`` with or without a path; a trailing ``/v1`` is the same server.
    api_key: sent as a bearer token, empty for none; never shown.
    model: the model to ask for, empty for the only one.
    ctx_size: tokens of context, where already known.
    engine: ``llama-server`` says that llama.cpp's extras are understood, any other name that
    they are not, empty that the client finds out.

    Raises UsageError for a URL or a key that cannot be used.
    """

    name: str
    base_url: str = field(repr=False)
    api_key: str = field(default="", repr=False)
    model: str = ""
    ctx_size: int | None = None
    engine: str = ""

    def __post_init__(self) -> None:
        _split(self.base_url)
        if not (self.api_key.isascii() and self.api_key.isprintable()):
            raise UsageError(
                f"The API key for {self.label} has characters that no HTTP header can carry.",
                fix="Give the key as one line of plain ASCII.",
            )

    @property
    def label(self) -> str:
        """The server as messages name it: its name, or its address without any password."""
        return one_line(self.name, 60) or self.origin

    @property
    def origin(self) -> str:
        """``scheme://host:port``, without path and password."""
        parts = _split(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this very machine, where no proxy may come between."""
        host = _split(self.base_url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return False

    def url(self, path: str) -> str:
        """Return the URL of ``path``, such as ``/v1/models`` or ``/props``, on this server."""
        prefix = _split(self.base_url).path.rstrip("/").removesuffix("/v1")
        return f"{self.origin}{prefix}{path}"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or not url.isprintable() or " " in url.strip():
        raise UsageError(
            f"“{one_line(url.rpartition('@')[2], 80)}” is not the URL of a server.",
            fix="Expected something like http://127.0.0.1:8080.",
        )
    return parts
