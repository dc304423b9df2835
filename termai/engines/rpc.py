"""llama.cpp's RPC: the program that lends this machine's devices, and the addresses of others.

``ggml-rpc-server`` (``rpc-server`` before 2025) lies beside llama-server in builds with RPC. Its
protocol has neither a password nor encryption, and its authors call it unsafe on an open network
(tools/rpc/README.md of llama.cpp): whoever reaches it uses the machine's memory as they like.
"""

import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from termai.engines.base import Detection
from termai.engines.choose import consider
from termai.errors import NotFoundError, UnreachableError, UsageError
from termai.profiles.schema import NATIVE
from termai.text import one_line

PORT = 50052
WARNING = (
    "The RPC protocol has no password and no encryption: whoever reaches this port can use this "
    "machine's memory and devices, and may be able to run programs on it."
)
_NAMES = ("ggml-rpc-server", "rpc-server")
_ANSWER_S = 2.0  # seconds that a machine may take to accept a connection
_AT_ONCE = 16


def program(detection: Detection | None = None) -> Path:
    """Return the RPC server beside the llama-server that is used; raises NotFoundError."""
    beside = (detection or consider(NATIVE).detection).program.parent
    for name in _NAMES:
        if (beside / name).is_file():
            return beside / name
    raise NotFoundError(
        f"{beside} has no {_NAMES[0]}: its llama.cpp was built without RPC.",
        fix="`termai engines build` builds one with it.",
    )


def arguments(
    server: Path,
    *,
    host: str,
    port: int,
    threads: int = 0,
    devices: Sequence[str] = (),
    cache: bool = False,
) -> tuple[str, ...]:
    """Return the command line of an RPC server; no threads leaves their number to it."""
    return (
        *(str(server), "--host", host, "--port", str(port)),
        *(("--threads", str(threads)) if threads else ()),
        *(("--device", ",".join(devices)) if devices else ()),
        *(("--cache",) if cache else ()),
    )


def endpoint(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``; raises UsageError for anything else."""
    host, _, port = text.strip().rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port[:6]) < 65536:
        raise UsageError(
            f"{one_line(text, 80)!r} is no address of an RPC server.",
            fix=f"Write HOST:PORT, such as 192.168.1.20:{PORT}.",
        )
    return host.strip("[]"), int(port)


def answers(text: str) -> bool:
    """Return whether something accepts connections at ``HOST:PORT``; takes up to two seconds."""
    try:
        with socket.create_connection(endpoint(text), timeout=_ANSWER_S):
            return True
    except (OSError, UnicodeError):
        return False


def silent(endpoints: Iterable[str]) -> tuple[str, ...]:
    """Return those of several addresses at which nothing answers, asked at the same time."""
    asked = tuple(dict.fromkeys(str(one) for one in endpoints))
    if not asked:
        return ()
    for one in asked:
        endpoint(one)
    with ThreadPoolExecutor(min(_AT_ONCE, len(asked))) as pool:
        return tuple(one for one, ok in zip(asked, pool.map(answers, asked), strict=True) if not ok)


def require(endpoints: Iterable[str], profile: str) -> None:
    """Raise UnreachableError when an RPC server of a profile does not answer.

    llama-server would end at once (ggml-rpc.cpp, "Failed to connect").
    """
    gone = silent(endpoints)
    if gone:
        named = " and ".join(one_line(one, 60) for one in gone)
        raise UnreachableError(
            f"No RPC server answers at {named}, which the profile {profile} names.",
            fix="Start it there with `termai engines rpc`, or take it out of rpc under [load].",
        )
