"""Programs of several ages."""

from pathlib import Path

import pytest

from termai.engines.base import Detection
from termai.engines.llama_server import detection


@pytest.fixture
def old(old_program: Path) -> Detection:
    """Return a llama-server of January 2025."""
    return detection("on PATH", old_program)
