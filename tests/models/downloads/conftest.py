"""A hub on loopback for each test, and no process left behind."""

import random
from collections.abc import Iterator

import pytest

from termai.models.downloads.plan import Plan
from tests.fakes.hub.files import Content
from tests.jobs.conftest import no_leftovers
from tests.models.downloads.bringing import SIZE, planned
from tests.models.downloads.hub import OneRepo, one_repo

__all__ = ["no_leftovers"]

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_VARIABLES = (*_PROXIES, "HF_TOKEN", "HF_HOME", "HF_HUB_OFFLINE", "HF_HUB_DOWNLOAD_TIMEOUT")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneRepo]:
    """Run a hub without a proxy between it and the downloads."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with one_repo() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def noise() -> random.Random:
    """Return a source of bytes and choices that is the same in every run."""
    return random.Random(20250101)  # noqa: S311


@pytest.fixture
def content(noise: random.Random) -> Content:
    """Return the bytes of a file."""
    return Content(noise.randbytes(SIZE))


@pytest.fixture
def plan(hub: OneRepo, content: Content) -> Plan:
    """Return the plan of a download of that file."""
    return planned(hub, hub.add("model.gguf", content))
