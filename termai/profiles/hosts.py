"""Whether an address to listen on is reached from this machine only."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Return whether a server that listens on ``host`` is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
