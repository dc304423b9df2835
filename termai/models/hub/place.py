"""Which hub is used and how it is reached: the environment of this shell, then the settings.

The variables are those of huggingface_hub, read whenever they are needed. HF_ENDPOINT and
HF_HUB_OFFLINE win over the settings: who sets them means this shell. HTTPS_PROXY and the like are
meant for every program, so the setting, which is meant for the hub, wins over them.
"""

import importlib.util
import ipaddress
import os
import shlex
import sys
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from termai.errors import UnreachableError, UsageError
from termai.settings import Settings, load
from termai.text import one_line, without_user

DEFAULT_ENDPOINT = "https://huggingface.co"

_TRUE = frozenset({"1", "on", "yes", "true"})
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class Place(NamedTuple):
    """The hub that is meant: its address without a slash at the end, and the proxy, if any."""

    endpoint: str
    proxy: str = ""

    @property
    def host(self) -> str:
        """The host and port as they may be shown, without a name or password."""
        return _host(self.endpoint)

    def page(self, path: str) -> str:
        """Return the address of a page on the hub to show to a person."""
        scheme = urlsplit(self.endpoint).scheme
        base = urlsplit(self.endpoint).path
        return f"{scheme}://{self.host}{base}/{path}"


class OfflineError(UnreachableError):
    """The hub is not asked because the user said so."""


def place(settings: Settings | None = None) -> Place:
    """Return the hub in use, asking nobody; raises UsageError for an address that is none."""
    known = settings or load().values
    endpoint, said = os.environ.get("HF_ENDPOINT", "").strip(), "HF_ENDPOINT"
    if not endpoint:
        endpoint, said = known.hub_endpoint.strip(), "hub_endpoint in config.toml"
    endpoint = _checked(endpoint.rstrip("/") or DEFAULT_ENDPOINT, ("http", "https"), said)
    if "@" in urlsplit(endpoint).netloc:
        raise UsageError(
            f"{said} names a user or a password, which termai does not send to hubs: "
            f"{one_line(without_user(endpoint), 200)!r} is the address without them.",
            fix="Leave them out; `termai hub login` takes a token.",
        )
    proxy = known.proxy.strip()
    if proxy:
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        _checked(proxy, _PROXY_SCHEMES, "proxy in config.toml")
    return Place(endpoint, proxy)


def online(settings: Settings | None = None) -> Place:
    """Return the hub in use; raises OfflineError where it is to be left alone.

    Raises UsageError for a proxy, of the settings or of this shell, that cannot be used.
    """
    known = settings or load().values
    variable = next(
        (v for v in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if os.environ.get(v)), ""
    )
    off = os.environ[variable].lower() in _TRUE if variable else known.hub_offline
    if off:
        said = variable or "hub_offline in config.toml"
        raise OfflineError(
            f"The hub is not asked: {said} says that it is to be left alone.",
            fix=f"Unset {variable}, or set HF_HUB_OFFLINE=0, to ask it."
            if variable
            else "Set it to false, or HF_HUB_OFFLINE=0 for this shell, to ask it.",
        )
    there = place(known)
    if there.proxy:
        _usable(there.proxy, "proxy in config.toml")
        return there
    for variable, proxy in _of_shell():
        _usable(_checked(proxy, _PROXY_SCHEMES, variable), variable)
    return there


def _of_shell() -> Iterator[tuple[str, str]]:
    """Yield the proxies of this shell, each with the variable that says so."""
    from urllib.request import getproxies

    for kind in ("http", "https", "all"):
        if proxy := getproxies().get(kind, "").strip():
            name = f"{kind}_proxy"
            said = name if os.environ.get(name) else name.upper()
            yield said, proxy if "://" in proxy else f"http://{proxy}"


def _usable(proxy: str, said: str) -> None:
    """Raise UsageError for a kind of proxy for which a package is missing."""
    if proxy.startswith("socks") and importlib.util.find_spec("socksio") is None:
        command = f"{shlex.quote(sys.executable)} -m pip install socksio"
        raise UsageError(
            f"{said} names a SOCKS proxy, for which termai lacks the package socksio.",
            fix=f"`{command}`, or name an http:// proxy.",
        )


def endpoint() -> str:
    """Return the address of the hub in use, without a slash at the end."""
    return place().endpoint


def proxy() -> str | None:
    """Return the proxy that the settings name, None for what the environment says."""
    return place().proxy or None


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    return _origin(one) == _origin(other)


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(address: str, schemes: tuple[str, ...], said: str) -> str:
    try:
        parts = urlsplit(address)
        good = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not address.isprintable() or " " in address:
        raise UsageError(
            f"{said} is {one_line(without_user(address), 200)!r}, which is no address.",
            fix=f"Expected {schemes[0]}:// or {schemes[1]}://, a host, and perhaps a port.",
        )
    return address


def _host(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", parts.port or default
