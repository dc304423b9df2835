"""From a server to what the chat needs of it: where it is, its key, its samplers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from termai.chat.endpoint import Endpoint
from termai.chat.sampling import Sampling
from termai.profiles.option import REMOTE, VLLM

if TYPE_CHECKING:
    from termai.servers.records import Server

FIRST_PROFILE = "smoke"
COMING = frozenset({"starting", "loading"})


@dataclass(frozen=True, slots=True)
class Target:
    """A server as one talks to it; system_prompt and sampling are those of its profile."""

    server: str
    endpoint: Endpoint
    sampling: Sampling
    system_prompt: str = ""
    thinking: bool | None = None


def target(server: Server) -> Target:
    """Return how to talk to ``server``; reads its key file.

    Raises NotFoundError and InvalidFileError for the key, UsageError for what the profile says.
    """
    from termai.engines.access import key_file, read_key
    from termai.servers.overriding import in_force

    keys = key_file(server.option("api_key_file"))
    values = in_force(server)
    return Target(
        server.name,
        Endpoint(
            server.name,
            server.url,
            api_key=read_key(keys) if keys else "",
            model=str(server.option("alias") or _asked_for(server)),
            ctx_size=server.facts.slot_context or None,
            engine="" if server.engine == REMOTE else server.engine,
        ),
        Sampling.from_mapping(values),
        str(values.get("system_prompt") or ""),
        {"on": True, "off": False}.get(str(values.get("reasoning"))),
    )


def _asked_for(server: Server) -> str:
    """Return the model's name in requests; vLLM takes the very text that it was started with."""
    return server.model if server.engine == VLLM else PurePath(server.model).stem


def pick(servers: Sequence[Server], wanted: str) -> Server | None:
    """Return the server to talk to: the wanted one if it lives, else a ready, else a loading."""
    alive = [server for server in servers if server.alive]
    named = [server for server in alive if server.name == wanted]
    ready = [server for server in alive if server.state == "ready"]
    coming = [server for server in alive if server.state in COMING]
    return next(iter(named + ready + coming), None)


def last_profile(servers: Sequence[Server]) -> str:
    """Return the profile that was started last, the shipped one when none ever was."""
    started = [server for server in servers if server.started_at]
    newest = max(started, key=lambda server: server.started_at or 0.0, default=None)
    return newest.profile if newest else FIRST_PROFILE
