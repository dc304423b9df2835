"""Clashes about where the server listens."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, problem, warning
from termai.profiles.hosts import is_loopback
from termai.profiles.option import KOBOLDCPP, VLLM

_LOCAL = frozenset({KOBOLDCPP, VLLM})


def _open_without_key(case: Case) -> Iterator[Clash]:
    """termai refuses such a start (engines/access.py)."""
    host = str(case.value("host"))
    if is_loopback(host):
        return
    if case.engine_name in _LOCAL:
        yield problem(
            "engine-listens-here-only",
            ("host",),
            f"No key makes {case.engine_name} safe for others, so it listens on this machine only: "
            "it will not start.",
            "Listen on 127.0.0.1 and let others in with ssh -L.",
            host=None,
        )
        return
    if case.value("api_key_file"):
        return
    yield problem(
        "open-without-key",
        ("host", "api_key_file"),
        f"Listening on {host} lets everybody who reaches this machine use the model; without "
        "api_key_file termai will not start it.",
        "Listen on 127.0.0.1 and reach it with ssh -L, or name a file with keys in api_key_file.",
        host=None,
    )


def _port_taken(case: Case) -> Iterator[Clash]:
    """Unless the profile insists, a start takes the next free port (servers/launching.py)."""
    facts, host, port = case.port, str(case.value("host")), int(case.value("port"))
    if facts is None or not facts.refused or (facts.host, facts.port) != (host, port):
        return
    if not facts.any_port:
        yield problem(
            "host-not-here",
            ("host",),
            f"{host} {facts.refused}: it will not start.",
            "Listen on 127.0.0.1." if case.changes("host") else "Listen on another address.",
            **({"host": None} if case.changes("host") else {}),
        )
        return
    text = f"Port {port} {facts.refused}"
    move = f"Set port to {facts.free}." if facts.free else "Set another port."
    fix = {"port": facts.free} if facts.free else {}
    if case.value("port_strict"):
        yield problem(
            "port-taken",
            ("port", "port_strict"),
            f"{text}, and the profile insists on it: it will not start.",
            move,
            **fix,
        )
    elif facts.free is None:
        yield problem("port-taken", ("port",), f"{text}, and so are those after it.", move)
    elif case.is_set("port"):
        yield warning("port-taken", ("port",), f"{text}; a start takes {facts.free}.", move, **fix)


RULES: tuple[Rule, ...] = (_open_without_key, _port_taken)
