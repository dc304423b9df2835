"""Real servers of a tiny model; whatever a test starts is stopped, also when it fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.servers.records import KIND
from tests.servers.models import write_tiny
from tests.support import free_port

ENGINES = ("llama-server", "llama-cpp-python")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that starts in a fraction of a second."""
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture
def _servers_stopped(home: Path) -> Iterator[None]:
    yield
    for job in store.list_jobs(KIND):
        if job.alive:
            control.stop(job, grace_s=1.0)


@pytest.fixture(params=ENGINES)
def profile(request: pytest.FixtureRequest, tiny: Path, _servers_stopped: None) -> Profile:
    """Return a profile of the tiny model, once for each engine."""
    return profile_of(request.param, tiny)


@pytest.fixture
def native(tiny: Path, _servers_stopped: None) -> Profile:
    """Return a profile of the tiny model on llama-server."""
    return profile_of("llama-server", tiny)


def profile_of(engine: str, model: Path) -> Profile:
    """Return a profile that is kind to a machine with few cores."""
    return Profile(name="tiny", engine=engine).with_values(
        path=str(model), port=free_port(), ctx_size=256, threads=1, warmup=False, parallel=1
    )
