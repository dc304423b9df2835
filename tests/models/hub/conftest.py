"""A hub on loopback, and an environment that knows of no other."""

import os
from collections.abc import Iterator

import pytest

from termai.models.hub import transport
from termai.models.hub.transport import Patience
from tests.fakes.hub.server import Hub, serving_hub

FOREIGN = ("HF_", "HUGGING_FACE", "HUGGINGFACE", "TRANSFORMERS_OFFLINE", "SSL_CERT")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_other_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this shell says of hubs, tokens and proxies."""
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES or name == "XDG_CACHE_HOME":
            monkeypatch.delenv(name)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve an empty hub and make it the one that is asked."""
    with serving_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for hubs a little only."""
    short = Patience(
        connect_s=0.5, read_s=0.3, whole_s=2.0, pauses=(0.01, 0.02), longest_pause_s=0.5
    )
    monkeypatch.setattr(transport, "PATIENCE", short)
