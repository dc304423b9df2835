"""The proxies of this shell: what they are, and whether servers on this machine go around them."""

import os
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from termai.environment import shell_variables
from termai.environment.finding import Finding, Verdict
from termai.text import one_line

NAME = "Proxy"

_VARIABLES = ("https_proxy", "http_proxy", "all_proxy")
_LOCAL = ("localhost", "127.0.0.1")
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")


def proxies(environ: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """Yield what the proxy variables mean; small letters win over capitals, as in curl.

    Names and passwords in an address are never shown.
    """
    known = os.environ if environ is None else environ
    given = {name: value for name in _VARIABLES if (value := _value(known, name))}
    if not given:
        yield Finding(NAME, Verdict.NOT_NEEDED, "No variable of this shell names one.")
        return
    broken = [name for name, value in given.items() if not _host(value)]
    if broken:
        yield Finding(
            NAME,
            Verdict.WARNING,
            f"{' and '.join(broken)} of this shell names no address.",
            "Expected http://HOST:PORT.",
        )
        return
    around = _around(known)
    words = ", ".join(f"{name} is {_host(value)}" for name, value in given.items())
    if "http_proxy" in given or "all_proxy" in given:
        missing = [host for host in _LOCAL if host not in around and "*" not in around]
        if missing:
            remedy = shell_variables.setting("no_proxy", ",".join([*around, *missing]))
            yield Finding(
                NAME,
                Verdict.WARNING,
                f"{words}; other programs ask it for servers on this machine, too.",
                one_line(remedy.fix, 300),
                command=remedy.command,
                cause=f"no_proxy does not name {' and '.join(missing)}.",
            )
            return
    yield Finding(NAME, Verdict.OK, f"{words}.")


def _value(known: Mapping[str, str], name: str) -> str:
    return (known.get(name) or known.get(name.upper()) or "").strip()


def _around(known: Mapping[str, str]) -> list[str]:
    return [one for one in _value(known, "no_proxy").replace(" ", ",").split(",") if one]


def _host(value: str) -> str:
    """Return host and port of a proxy, empty for what is no address."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
            return ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return one_line(f"{parts.hostname}{port}", 80)
