"""Whether a server could listen on a port, and one that it can."""

import errno
import os
from collections.abc import Container
from typing import NamedTuple

_TRIED = 200  # ports after the wanted one that are looked at


class Refusal(NamedTuple):
    """Why an address cannot be listened on: the words for a sentence, and whether any port can."""

    words: str
    any_port: bool


def refusal(host: str, port: int) -> Refusal | None:
    """Try to listen on ``host`` and ``port`` as a server would; None when that works."""
    import socket

    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Refusal(f"is no address: {error.strerror or error}", any_port=False)
    except UnicodeError:  # what the codec "idna" says of a name
        return Refusal("is no address: no host can have that name", any_port=False)
    family, kind, protocol, _, address = found[0]
    try:
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return _refusal(error)
    return None


def why_not(host: str, port: int) -> str:
    """Return why ``host`` and ``port`` cannot be listened on, empty when they can."""
    found = refusal(host, port)
    return found.words if found else ""


def free_port(host: str, wanted: int, taken: Container[int] = ()) -> int | None:
    """Return the first port after ``wanted`` that is free and not in ``taken``."""
    for port in range(wanted + 1, min(wanted + 1 + _TRIED, 65536)):
        if port not in taken and refusal(host, port) is None:
            return port
    return None


def _refusal(error: OSError) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        return Refusal("is in use by another program", any_port=True)
    if error.errno == errno.EADDRNOTAVAIL:
        return Refusal("is no address of this machine", any_port=False)
    if error.errno == errno.EACCES:
        return Refusal("needs rights that this user does not have", any_port=True)
    return Refusal(f"cannot be listened on: {os.strerror(error.errno or 0)}", any_port=False)
