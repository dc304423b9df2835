"""Clashes about where the server listens."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, problem, warning
from termai.profiles.hosts import is_loopback


def _open_without_key(case: Case) -> Iterator[Clash]:
    """termai refuses such a start (engines/access.py)."""
    host = str(case.value("host"))
    if is_loopback(host) or case.value("api_key_file"):
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
    if case.port is None or not case.port.refused:
        return
    port, free = int(case.value("port")), case.port.free
    text = f"Port {port} {case.port.refused}"
    if not case.port.any_port:
        yield problem(
            "host-not-here",
            ("host",),
            f"{case.value('host')} {case.port.refused}: it will not start.",
            "Listen on 127.0.0.1.",
            host=None,
        )
    elif case.value("port_strict") or free is None:
        yield problem(
            "port-taken",
            ("port", "port_strict"),
            f"{text}, and the profile insists on it: it will not start.",
            f"Set port to {free}." if free else "Switch port_strict off.",
            **({"port": free} if free else {"port_strict": None}),
        )
    elif case.is_set("port"):
        yield warning(
            "port-taken",
            ("port",),
            f"{text}; the server will get {free}.",
            f"Set port to {free}.",
            port=free,
        )


RULES: tuple[Rule, ...] = (_open_without_key, _port_taken)
