"""One llama-server with the smoke model for the tests of a module."""

from collections.abc import Iterator

import pytest

from termai.models.smoke import model_path
from tests.support import native_bin
from training.smoke.check import running_server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Base URL of a llama-server with two slots of 2048 tokens."""
    program = native_bin("llama-server")
    with running_server(program, model_path(), "-c", "4096", "--parallel", "2") as url:
        yield url
