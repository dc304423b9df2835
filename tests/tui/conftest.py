"""A terminal that is the same for every test, and a real server to look at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from termai.jobs import control, store
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.tui.opening import NO_AUTOSTART
from tests.servers.models import write_tiny
from tests.support import free_port


@pytest.fixture(autouse=True)
def _one_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv(NO_AUTOSTART, "1")
    for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "TERMAI_ASCII", "TMUX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that starts in a fraction of a second."""
    return write_tiny(tmp_path_factory.mktemp("tui-models") / "tiny.gguf")


@pytest.fixture
def no_servers_left(home: Path) -> Iterator[None]:
    """Stop every server that a test started, also when it fails."""
    yield
    for job in store.list_jobs():
        if job.alive:
            control.stop(job, grace_s=1.0)


@pytest.fixture
def tiny(tiny_model: Path, no_servers_left: None) -> Profile:
    """Save a profile ``tiny`` of the user's own, kind to a machine with few cores."""
    profile = Profile(name="tiny", description="A tiny model").with_values(
        path=str(tiny_model), port=free_port(), ctx_size=256, threads=1, warmup=False, parallel=1
    )
    save_profile(profile)
    return load_profile("tiny")
