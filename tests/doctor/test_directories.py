"""Termai's own directories: not there, open to others, somebody else's, in the way."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from termai.doctor import checking, directories
from termai.doctor.directories import Place
from termai.environment import Finding, Verdict
from termai.paths import chats_db, config_dir, data_dir, private_dir, state_dir

not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")


def place(name: str) -> Place:
    """Return one of the real places."""
    return next(one for one in directories.places() if one.name == f"{name} directory")


def mended(command: str) -> None:
    """Run a fix as the doctor does."""
    subprocess.run(["/bin/sh", "-c", command], check=True)


def test_what_is_not_there_yet_is_well() -> None:
    for one in directories.places():
        found = directories.look(one)
        assert found.verdict is Verdict.OK
        assert "made when it is needed" in found.sentence


def test_what_termai_makes_is_the_users_alone() -> None:
    for directory in (config_dir(), data_dir(), state_dir()):
        private_dir(directory)
    found = [directories.look(one) for one in directories.places()]
    assert [one.verdict for one in found] == [Verdict.OK] * 3
    assert [one.path for one in found] == [str(config_dir()), str(data_dir()), str(state_dir())]


@pytest.mark.parametrize("name", ["config", "state"])
def test_others_may_read_neither_config_nor_state(name: str) -> None:
    here = place(name)
    private_dir(here.path).chmod(0o755)
    found = directories.look(here)
    assert found.verdict is Verdict.WARNING
    assert "can read" in found.sentence
    assert "0755" in found.cause
    assert found.command in found.fix
    mended(found.command)
    assert directories.look(here).verdict is Verdict.OK


def test_models_may_be_shared_but_not_changed_nor_conversations_read() -> None:
    here = place("data")
    private_dir(here.path).chmod(0o755)
    assert directories.look(here).verdict is Verdict.OK
    here.path.chmod(0o775)
    chats_db().touch()
    chats_db().chmod(0o644)
    found = directories.look(here)
    assert "can change" in found.sentence
    mended(found.command)
    assert directories.look(here).verdict is Verdict.OK
    assert here.path.stat().st_mode & 0o777 == 0o755
    assert chats_db().stat().st_mode & 0o777 == 0o600


def test_odd_names_reach_the_shell_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = tmp_path / "it's; touch pwned $(x)"
    monkeypatch.setenv("TERMAI_CONFIG_DIR", str(odd))
    private_dir(odd).chmod(0o750)
    mended(directories.look(place("config")).command)
    assert odd.stat().st_mode & 0o777 == 0o700
    assert not Path("pwned").exists()


def test_a_file_in_its_place() -> None:
    config_dir().parent.mkdir(parents=True, exist_ok=True)
    config_dir().write_text("")
    found = directories.look(place("config"))
    assert found.verdict is Verdict.PROBLEM
    assert "is no directory" in found.sentence


@pytest.mark.parametrize(
    ("above", "cause"),
    [
        ("/proc", "/proc is the kernel's"),
        ("/dev/null", "/dev/null is no directory"),
        ("loop", "loop leads nowhere"),
    ],
)
def test_where_nothing_can_be_made_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, above: str, cause: str
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("TERMAI_CONFIG_DIR", str(tmp_path / above / "none/termai"))
    found = directories.look(place("config"))
    assert found.verdict is Verdict.PROBLEM
    assert "cannot be made" in found.sentence
    assert cause in found.cause
    assert "set TERMAI_CONFIG_DIR" in found.fix


def test_lost_settings_keep_no_profile_from_its_start() -> None:
    lost = Finding("config directory", Verdict.PROBLEM, "It is so.", group="termai")
    assert not checking.profiles_suffer([lost])
    assert checking.profiles_suffer([replace(lost, name="state directory")])


@not_root
def test_one_that_cannot_be_made_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    closed = private_dir(config_dir().parent)
    closed.chmod(0o500)
    try:
        found = directories.look(place("config"))
        assert "cannot be made" in found.sentence
        assert str(tmp_path) in found.cause
    finally:
        closed.chmod(0o700)
    private_dir(config_dir()).chmod(0o500)
    found = directories.look(place("config"))
    assert "cannot be written to" in found.sentence
    mended(found.command)
    assert directories.look(place("config")).verdict is Verdict.OK


def test_what_belongs_to_somebody_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    private_dir(config_dir() / "profiles")
    (config_dir() / "config.toml").write_text("")
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1000)
    found = directories.look(place("config"))
    assert found.verdict is Verdict.WARNING
    assert "4 files in" in found.sentence
    assert f"chown -R {me + 1000}:" in found.fix
    assert str(config_dir()) in found.fix
