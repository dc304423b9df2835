"""Every test gets directories of its own and leaves no process behind."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("termai", deadline=None)  # the machine may be busy
settings.load_profile("termai")

# A shell without job control starts what it puts in the background with Ctrl-C ignored, and the
# programs under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every place where termai or a library keeps files into ``tmp_path``."""
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"TERMAI_{kind}_DIR", str(tmp_path / "termai" / kind.lower()))
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path
