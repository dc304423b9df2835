"""No cache or store of this machine is looked in."""

from pathlib import Path

import pytest

from termai.models import stores

_NAMES = (
    *("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "LLAMA_CACHE"),
    "OLLAMA_MODELS",
)


@pytest.fixture(autouse=True)
def no_stores_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(stores, "OLLAMA_SERVICE", tmp_path / "service" / "models")
