"""Where files are: overrides, XDG, and directories that only their owner can enter."""

import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from termai import paths
from termai.errors import TermaiError
from tests.support import no_home

KINDS = {"CONFIG": paths.config_dir, "DATA": paths.data_dir, "STATE": paths.state_dir}


@pytest.mark.parametrize("kind", KINDS)
def test_an_override_is_taken_and_made_absolute(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"TERMAI_{kind}_DIR", "here")
    assert KINDS[kind]() == tmp_path / "here"
    monkeypatch.setenv(f"TERMAI_{kind}_DIR", "~/there")
    assert KINDS[kind]() == tmp_path / "home" / "there"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG directories are Linux's")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, "", "/xdg/base", "relative"])
def test_linux_gets_what_platformdirs_says(
    kind: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative XDG value is invalid by the specification, which platformdirs lets pass."""
    monkeypatch.delenv(f"TERMAI_{kind}_DIR")
    if value is not None:
        monkeypatch.setenv(f"XDG_{kind}_HOME", value)
    ours = KINDS[kind]()
    if value == "relative":
        monkeypatch.delenv(f"XDG_{kind}_HOME")
    assert ours == Path(getattr(platformdirs, f"user_{kind.lower()}_path")("termai"))


def test_without_a_home_what_to_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    no_home(monkeypatch)
    assert paths.state_dir().name == "state"
    monkeypatch.delenv("TERMAI_STATE_DIR")
    with pytest.raises(TermaiError, match=r"HOME is not set.*TERMAI_CONFIG_DIR.*TERMAI_STATE_DIR"):
        paths.state_dir()


def test_everything_lies_below_the_three_directories() -> None:
    assert paths.profiles_dir() == paths.config_dir() / "profiles"
    assert paths.themes_dir() == paths.config_dir() / "themes"
    assert paths.models_dir() == paths.data_dir() / "models"
    assert paths.chats_db() == paths.data_dir() / "chats.db"
    assert paths.jobs_dir() == paths.state_dir() / "jobs"


def test_shipped_profiles_are_found_beside_a_checkout() -> None:
    assert (paths.shipped_dir("profiles") / "smoke.toml").is_file()


def test_made_directories_are_private_and_older_ones_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(mode=0o755)
    made = paths.private_dir(tmp_path / "old" / "a" / "b")
    assert made.is_dir()
    assert (tmp_path / "old" / "a").stat().st_mode & 0o777 == 0o700
    assert made.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o755
    assert paths.private_dir(made) == made


def test_base_modules_import_nothing_heavy() -> None:
    code = "import sys, termai.paths, termai.files, termai.text, termai.errors; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"platformdirs", "tomllib", "dataclasses", "inspect", "tempfile", "shutil", "json"}
    assert not heavy & set(done.stdout.split())


def test_a_home_that_nobody_has_is_a_path_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert paths.expanded("~/x") == Path("/home/me/x")
    assert paths.expanded("~no-such-user/x") == Path("~no-such-user/x")
    monkeypatch.setenv("TERMAI_STATE_DIR", "~no-such-user/state")
    assert paths.state_dir().is_absolute()
