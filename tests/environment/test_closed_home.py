"""A home directory that is closed to the user, or is none: every check has something to say."""

import os
from pathlib import Path

import pytest

from termai import environment
from termai.environment import reading
from termai.environment.running import run

not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")


@not_root
def test_no_check_stumbles_over_a_closed_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "closed"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TERM", "xterm")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    home.chmod(0)
    try:
        found = list(run(environment.checks()))
    finally:
        home.chmod(0o700)
    assert not [one for one in found if one.sentence.startswith("Could not be looked at")]


def test_what_is_closed_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    assert reading.is_there(tmp_path)
    assert reading.matching(tmp_path.parent, tmp_path.name) == [tmp_path]
    monkeypatch.setattr(os, "stat", refuse)
    assert not reading.is_there(tmp_path)
    monkeypatch.setattr(Path, "glob", refuse)
    assert reading.matching(tmp_path.parent, tmp_path.name) == []
