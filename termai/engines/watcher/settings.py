"""What the watcher is told: one JSON object in one environment variable, and nothing else."""

import json
import os
from typing import NamedTuple

VARIABLE = "TERMAI_WATCH_SETTINGS"


class WatchSettings(NamedTuple):
    """The server's address, the model asked for (empty for the first), the key file if any."""

    url: str
    model: str
    api_key_file: str | None


def encode(settings: WatchSettings) -> dict[str, str]:
    """Return the environment that hands ``settings`` to the watcher; it holds no key."""
    return {VARIABLE: json.dumps(settings._asdict())}


def take() -> WatchSettings:
    """Read the settings and remove them from the environment; ValueError if they do not fit."""
    text = os.environ.pop(VARIABLE, "")
    if not text:
        raise ValueError(f"{VARIABLE} is not set: termai starts this module, not a person.")
    try:
        return WatchSettings(**json.loads(text))
    except TypeError as error:
        raise ValueError(f"{VARIABLE} does not fit: {error}.") from error
