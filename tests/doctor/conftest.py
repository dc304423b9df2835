"""The real hub is left alone; who asks one makes one on loopback."""

import pytest


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that this shell is offline."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
