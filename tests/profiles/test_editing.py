"""A profile in the user's editor: only what reads is saved, and what was written is not lost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError, UsageError
from termai.paths import state_dir
from termai.profiles import history
from termai.profiles.editing import Draft, discard, editor, finish, open_draft
from termai.profiles.profile import Profile
from termai.profiles.store import (
    ChangedMeanwhileError,
    load_profile,
    save_profile,
    save_text,
    text_of,
    user_path,
)

_TEXT = "# why\n[load]\nctx_size = 0x10 # odd\n"


@pytest.fixture
def mine() -> Profile:
    return save_text("mine", _TEXT, revision="")


def _edit(draft: Draft, old: str, new: str) -> None:
    """Do what an editor does, by a real program that gets the path of the draft."""
    code = "import sys, pathlib as p; f = p.Path(sys.argv[1]); "
    code += "f.write_text(f.read_text().replace(sys.argv[2], sys.argv[3]))"
    subprocess.run([sys.executable, "-c", code, str(draft.path), old, new], check=True)


def _program(directory: Path, name: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_what_the_editor_left_is_saved_as_it_is(mine: Profile) -> None:
    draft = open_draft(mine)
    assert draft.path.name == "mine.toml"
    assert draft.path.read_text() == _TEXT
    assert draft.path.stat().st_mode & 0o777 == 0o600
    assert draft.path.parent.stat().st_mode & 0o777 == 0o700
    _edit(draft, "0x10", "32 ")
    saved = finish(draft)
    assert saved == load_profile("mine")
    assert user_path("mine").read_text() == "# why\n[load]\nctx_size = 32  # odd\n"
    assert not draft.path.parent.exists()


def test_nothing_is_saved_when_nothing_was_changed(mine: Profile) -> None:
    draft = open_draft(mine)
    assert finish(draft) is None
    assert not draft.path.parent.exists()
    assert len(history.versions("mine")) == 1


def test_unsaved_changes_are_in_the_draft_with_the_comments(mine: Profile) -> None:
    draft = open_draft(mine.with_values(threads=2))
    assert draft.path.read_text() == f"{_TEXT}threads = 2\n"
    _edit(draft, "threads = 2", "threads = 3")
    saved = finish(draft)
    assert saved
    assert saved.values == {"ctx_size": 16, "threads": 3}


def test_a_new_profile_and_a_shipped_one_are_edited_too() -> None:
    draft = open_draft(Profile("new", values={"ctx_size": 1}))
    _edit(draft, "= 1", "= 1\n# mine")
    assert finish(draft) == load_profile("new")
    shipped = load_profile("single-gpu")
    draft = open_draft(shipped)
    assert draft.path.read_text() == text_of(shipped)
    _edit(draft, "16384", "8192")
    saved = finish(draft)
    assert saved
    assert not saved.shipped
    assert saved.value("ctx_size") == 8192


def test_a_mistake_is_named_and_the_draft_stays(mine: Profile) -> None:
    draft = open_draft(mine)
    _edit(draft, "0x10", "'many'")
    with pytest.raises(InvalidFileError, match=r"line 3: load\.ctx_size: expected a whole number"):
        finish(draft)
    assert load_profile("mine") == mine
    _edit(draft, "'many'", "8")
    saved = finish(draft)
    assert saved
    assert saved.value("ctx_size") == 8


def test_a_foreign_change_is_noticed_and_the_draft_stays(mine: Profile) -> None:
    draft = open_draft(mine)
    save_profile(mine.with_values(threads=4))
    _edit(draft, "0x10", "8")
    with pytest.raises(ChangedMeanwhileError):
        finish(draft)
    assert load_profile("mine").value("threads") == 4
    saved = finish(draft, over=True)
    assert saved
    assert saved.values == {"ctx_size": 8}
    assert history.profile(history.versions("mine")[1]).value("threads") == 4
    stale = mine.with_values(ctx_size=1)
    with pytest.raises(ChangedMeanwhileError):
        open_draft(stale)


def test_a_broken_profile_is_mended_by_its_name(mine: Profile) -> None:
    user_path("mine").write_text("[load\nctx_size = 8\n")
    draft = open_draft("mine")
    _edit(draft, "[load\n", "[load]\n")
    saved = finish(draft)
    assert saved
    assert saved.value("ctx_size") == 8
    with pytest.raises(NotFoundError, match="no profile other of your own"):
        open_draft("other")


def test_an_editor_that_leaves_no_file_loses_nothing(mine: Profile) -> None:
    draft = open_draft(mine)
    draft.path.unlink()
    with pytest.raises(InvalidFileError, match="left no file"):
        finish(draft)
    assert load_profile("mine") == mine


def test_what_an_editor_leaves_beside_the_draft_goes_with_it(mine: Profile) -> None:
    draft = open_draft(mine)
    (draft.path.parent / "mine.toml~").write_text("backup")
    discard(draft)
    discard(draft)
    assert list((state_dir() / "drafts").iterdir()) == []


def test_two_drafts_of_one_profile_are_two_files(mine: Profile) -> None:
    one, two = open_draft(mine), open_draft(mine)
    assert one.path != two.path
    discard(one)
    assert two.path.exists()


def test_drafts_that_were_left_long_ago_are_removed(mine: Profile) -> None:
    old, newer = open_draft(mine), open_draft(mine)
    month = time.time() - 31 * 24 * 3600
    os.utime(old.path.parent, (month, month))
    open_draft(mine)
    assert not old.path.exists()
    assert newer.path.exists()


def test_the_editor_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = _program(tmp_path / "my programs", "ed it")
    monkeypatch.setenv("EDITOR", f"'{fake}' --wait -n")
    monkeypatch.setenv("VISUAL", " ")
    assert editor() == (str(fake), "--wait", "-n")
    monkeypatch.setenv("VISUAL", f"'{_program(tmp_path, 'visual')}'")
    assert editor() == (str(tmp_path / "visual"),)


def test_without_a_wish_a_usual_editor_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(UsageError, match="There is no editor") as caught:
        editor()
    assert "Set EDITOR" in caught.value.fix
    _program(tmp_path / "bin", "vi")
    assert editor() == ("vi",)
    _program(tmp_path / "bin", "nano")
    assert editor() == ("nano",)


@pytest.mark.parametrize(
    ("value", "message"),
    [("no-such-editor -w", "is not there"), ("'vi", "cannot be understood"), ("''", "not there")],
)
def test_an_editor_that_cannot_be_run_is_named(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", value)
    with pytest.raises(UsageError, match=message):
        editor()
