"""Files of other programs are found where these keep them, and looking ends."""

import os
from pathlib import Path

import pytest

from termai.engines import importable
from termai.paths import models_dir


def touched(path: Path, modified: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (modified, modified))
    return path


def test_settings_are_found_newest_first() -> None:
    home = Path.home()
    old = touched(home / "AI/Backend/KoboldCPP/Settings/old.kcpps", 1000)
    preset = touched(home / ".lmstudio/config-presets/p.preset.json", 3000)
    template = touched(models_dir() / "org/t.KCPPT", 2000)
    modelfile = touched(home / "ollama/Modelfile", 500)
    for other in ("notes.json", "config.toml", ".kcpps.swp", ".hidden/x.kcpps"):
        touched(home / other, 4000)
    assert importable.importable() == (preset, template, old, modelfile)


def test_a_file_is_listed_once_and_links_to_directories_are_not_followed() -> None:
    home = Path.home()
    file = touched(home / "a/x.kcpps", 1000)
    (home / "a/loop").symlink_to(home)
    assert importable.importable() == (file,)


def test_deep_directories_and_too_many_files_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Path.home()
    touched(home.joinpath(*"abcdefg", "deep.kcpps"), 1000)
    assert importable.importable() == ()
    monkeypatch.setattr(importable, "MAX_FILES", 3)
    for number in range(5):
        touched(home / f"{number}.kcpps", number)
    assert len(importable.importable()) == 3


def test_looking_ends_when_patience_does() -> None:
    touched(Path.home() / "x.kcpps", 1000)
    assert importable.importable(patience_s=-1.0) == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_directory_is_passed_over() -> None:
    file = touched(Path.home() / "x.kcpps", 1000)
    closed = Path.home() / "closed"
    closed.mkdir(mode=0)
    assert importable.importable() == (file,)
