"""The directories that are looked in, changed by several programs at once."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from termai import settings
from termai.errors import NotFoundError
from termai.models import directories
from termai.paths import config_dir

COUNT = 6


def at_once(change: Callable[[str], object], places: list[str]) -> None:
    """Change the directories for all places at the same time; a lock is one of open files."""
    together = threading.Barrier(len(places))

    def one(place: str) -> None:
        together.wait(10)
        change(place)

    threads = [threading.Thread(target=one, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_directories_that_are_changed_at_once_are_all_kept(home: Path) -> None:
    places = [str(home / f"d{number}") for number in range(COUNT)]
    for place in places:
        Path(place).mkdir()
    at_once(directories.add, places)
    assert sorted(settings.load().values.model_dirs) == places
    at_once(directories.remove, places[1:])
    assert settings.load().values.model_dirs == (places[0],)


def test_nothing_is_written_where_nothing_changes(home: Path) -> None:
    (home / "d").mkdir()
    directories.add(str(home / "d"))
    before = (config_dir() / "config.toml").stat()
    directories.add(str(home / "d"))
    with pytest.raises(NotFoundError):
        directories.remove(str(home / "e"))
    assert (config_dir() / "config.toml").stat().st_ino == before.st_ino


def test_comments_between_the_directories_stay(home: Path) -> None:
    (home / "d").mkdir()
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "config.toml").write_text(
        'model_dirs = [\n    "/a",  # the old disk\n    # shared with the team\n    "/b",\n]\n'
    )
    directories.add(str(home / "d"))
    text = (config_dir() / "config.toml").read_text()
    assert "# the old disk" in text
    assert "# shared with the team" in text
    assert settings.load().values.model_dirs == ("/a", "/b", str(home / "d"))
    directories.remove("/b")
    assert "# the old disk" in (config_dir() / "config.toml").read_text()
    assert settings.load().values.model_dirs == ("/a", str(home / "d"))
