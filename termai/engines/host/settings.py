"""What the host is told: one JSON object in one environment variable, and nothing else."""

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

VARIABLE = "TERMAI_HOST_SETTINGS"


class HostSettings(NamedTuple):
    """The model file, where to listen, the key file if any, and the profile's options by key."""

    model: str
    host: str
    port: int
    api_key_file: str | None
    options: Mapping[str, Any]

    def option(self, key: str, default: Any = None) -> Any:
        """Return what the profile sets ``key`` to, or ``default`` where it sets nothing."""
        return self.options.get(key, default)


def encode(settings: HostSettings) -> dict[str, str]:
    """Return the environment that hands ``settings`` to the host."""
    return {VARIABLE: json.dumps(settings._asdict())}


def take() -> HostSettings:
    """Read the settings and remove them from the environment; ValueError if they are not there."""
    text = os.environ.pop(VARIABLE, "")
    if not text:
        raise ValueError(f"{VARIABLE} is not set: termai starts this module, not a person.")
    return decode(text)


def decode(text: str) -> HostSettings:
    """Return what ``encode`` wrote into its variable; ValueError if it is nothing of that kind."""
    try:
        return HostSettings(**json.loads(text))
    except TypeError as error:
        raise ValueError(f"{VARIABLE} does not fit: {error}.") from error
