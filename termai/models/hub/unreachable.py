"""Why the hub cannot be reached, in words: which host, through which proxy, what to look at."""

import re
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from termai.errors import UnreachableError
from termai.models.hub.place import Place
from termai.text import one_line

if TYPE_CHECKING:
    import httpx2

_CHECK = "Check the network, HF_ENDPOINT or hub_endpoint, and HTTPS_PROXY or proxy"
_NUMBER = re.compile(r"\[Errno -?\d+\] ")


class HubUnreachableError(UnreachableError):
    """The hub does not answer; ``final``: whether the same try would end in the same way."""

    def __init__(self, message: str, *, fix: str = "", final: bool = False) -> None:
        super().__init__(message, fix=fix)
        self.final = final


def explained(error: "httpx2.TransportError", url: str, place: Place) -> HubUnreachableError:
    """Return what a failure of the transport means for the person who waits."""
    import httpx2

    host = _host(url)
    through = proxy_for(url, place)
    where = f"{host} through the proxy {through}" if through else host
    detail = _plain(str(error)) or type(error).__name__
    if tls := _certificate(error, detail):
        return HubUnreachableError(
            f"The certificate of {where} is not trusted: {tls}.",
            fix="Check this machine's clock and its CA certificates; where a proxy opens the "
            "traffic, name its CA in SSL_CERT_FILE.",
            final=True,
        )
    if tls := _handshake(error):
        return HubUnreachableError(
            f"No TLS connection to {where} comes about: {tls}.",
            fix="Does it speak http:// rather than https://?",
            final=True,
        )
    if isinstance(error, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return HubUnreachableError(
            f"{where} does not answer.", fix=f"{_CHECK}, and the firewall.", final=True
        )
    if isinstance(error, httpx2.TimeoutException):
        return HubUnreachableError(
            f"{where} stopped in the middle of its answer.", fix="Try again."
        )
    if isinstance(error, httpx2.ProxyError):
        return HubUnreachableError(
            f"The proxy {through or '(of the environment)'} refuses: {detail}.",
            fix="Check HTTPS_PROXY, or proxy in config.toml.",
            final=True,
        )
    if isinstance(error, httpx2.ConnectError):
        return HubUnreachableError(f"{where} cannot be reached: {detail}.", fix=f"{_CHECK}.")
    if isinstance(error, httpx2.UnsupportedProtocol):
        return HubUnreachableError(
            f"{where} cannot be asked: {detail}.", fix=f"{_CHECK}.", final=True
        )
    return HubUnreachableError(f"The connection to {where} broke: {detail}.", fix="Try again.")


def busy(status: int, url: str, wait_s: float) -> HubUnreachableError:
    """Return that the hub was asked several times and had no time."""
    host = _host(url)
    if status == 429:
        wait = f" for {wait_s:.0f} seconds" if wait_s else ""
        return HubUnreachableError(
            f"{host} asks to be left alone{wait}: too many requests from this address or account.",
            fix="Try again then; with a token (`termai hub login`) more are allowed.",
        )
    later = f" It asks to wait {wait_s:.0f} seconds." if wait_s else ""
    return HubUnreachableError(
        f"{host} has a fault of its own: it answers {status}.{later}", fix="Try again later."
    )


def too_long(url: str) -> HubUnreachableError:
    """Return that an answer comes too slowly to wait for its end."""
    return HubUnreachableError(
        f"{_host(url)} is too slow: its answer did not end.", fix="Try again."
    )


def proxy_for(url: str, place: Place) -> str:
    """Return the proxy that a request goes through, without its password; empty for none."""
    parts = urlsplit(url)
    proxy = place.proxy
    if not proxy and not proxy_bypass(parts.hostname or ""):
        proxies = getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    return one_line(proxy.rpartition("@")[2].rpartition("://")[2], 120)


def _plain(said: str) -> str:
    """Return what a library says without the number that the system has for it."""
    return one_line(_NUMBER.sub("", said), 200).rstrip(".")


def _certificate(error: BaseException, detail: str) -> str:
    """Return what is wrong with a certificate, empty when the failure is another."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return one_line(cause.verify_message or str(cause), 200).rstrip(".")
    return detail if "CERTIFICATE" in detail.upper() else ""


def _handshake(error: BaseException) -> str:
    """Return why TLS failed, empty when something else did."""
    found = (cause for cause in _causes(error) if isinstance(cause, ssl.SSLError))
    return next((one_line(str(cause), 160).rstrip(".") for cause in found), "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _host(url: str) -> str:
    return one_line(urlsplit(url).netloc.rpartition("@")[2], 120)
