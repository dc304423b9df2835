"""A machine of its own for each test of programs: one directory is the whole PATH."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from termai.environment import packages, programs

OsRelease = Callable[[str], None]


@pytest.fixture
def path_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a directory the whole PATH, with no program anywhere beside it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(programs, "STANDARD", ())
    return directory


@pytest.fixture
def os_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OsRelease:
    """Return a function that makes this a Linux of the given os-release, asked by root."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    monkeypatch.setattr(packages, "ROOT", root)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_with_sbin", lambda: "")

    def write(text: str) -> None:
        (root / "etc/os-release").write_text(text)

    return write


@pytest.fixture
def debian(os_release: OsRelease, tmp_path: Path) -> Path:
    """Make this an Ubuntu whose package lists are there; return its root directory."""
    os_release('ID=ubuntu\nID_LIKE="debian"\n')
    lists = tmp_path / "root/var/lib/apt/lists"
    lists.mkdir(parents=True)
    (lists / "archive_main_binary-amd64_Packages.lz4").touch()
    return tmp_path / "root"


@pytest.fixture
def root_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands that need root be composed for root, whether or not sudo is here."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
