"""From a server, or an address, to what the chat talks to, and how a profile wants it asked."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from termai.chat.endpoint import Endpoint
from termai.chat.sampling import Sampling
from termai.cli.asking import Question
from termai.profiles.option import REMOTE
from termai.servers.records import Server

KEY_VARIABLE = "TERMAI_API_KEY"

_THINKING = {"on": True, "off": False}


def of_server(server: Server) -> Endpoint:
    """Return the endpoint of a server with the key that it was started with.

    Raises NotFoundError and InvalidFileError when that key cannot be read any more.
    """
    from termai.engines.access import key_file, read_key

    path = key_file(server.option("api_key_file"))
    key = read_key(path) if path else ""
    model = str(server.option("alias") or "") if server.engine == REMOTE else ""
    engine = "" if server.engine == REMOTE else server.engine
    return Endpoint(server.name, server.url, api_key=key, model=model, engine=engine)


def of_url(url: str, key_path: Path | None) -> Endpoint:
    """Return the endpoint at ``url`` with the key in a file, or in TERMAI_API_KEY.

    Raises UsageError, NotFoundError and InvalidFileError.
    """
    from termai.engines.access import read_key

    key = read_key(key_path) if key_path else os.environ.get(KEY_VARIABLE, "")
    return Endpoint("", url, api_key=key)


def question(
    prompt: str, given: dict[str, Any], server: Server | None, system: str | None
) -> Question:
    """Return what to ask: the options that were given, over those of the server's profile."""
    values = _in_force(server)
    reasoning = given.get("reasoning") or values.get("reasoning")
    told = {key: value for key, value in given.items() if value not in (None, ())}
    profile = Sampling.from_mapping(values)
    chosen = values.get("system_prompt") if system is None else system
    return Question(
        prompt=prompt,
        system=str(chosen or ""),
        sampling=Sampling.from_mapping(told).with_defaults(profile),
        thinking=_THINKING.get(str(reasoning)),
    )


def _in_force(server: Server | None) -> Mapping[str, Any]:
    from termai.servers.overriding import in_force

    return in_force(server) if server else {}
