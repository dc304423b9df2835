"""The line to type on a laptop so that it reaches a server on this machine."""

import getpass
import os
import shlex
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit


def ssh_line(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the ``ssh -L`` command that forwards a server's port to the same on the laptop.

    Over SSH, SSH_CONNECTION (ssh(1): client address and port, server address and port) says
    how this machine was reached; else its name is used.
    """
    inside = urlsplit(url)
    parts = environment.get("SSH_CONNECTION", "").split()
    host, ssh_port = (parts[2], parts[3]) if len(parts) == 4 else (socket.gethostname(), "22")
    other_port = f"-p {shlex.quote(ssh_port)} " if ssh_port != "22" else ""
    target = shlex.quote(f"{_user()}@{host}")
    name = inside.hostname or "127.0.0.1"
    there = f"[{name}]" if ":" in name else name
    return f"ssh -N -L {inside.port}:{there}:{inside.port} {other_port}{target}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "USER"
