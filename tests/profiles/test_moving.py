"""Profiles renamed and duplicated: comments and history kept, nothing written over."""

import os
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError, TermaiError, UsageError
from termai.paths import profiles_dir
from termai.profiles import history
from termai.profiles.profile import Profile
from termai.profiles.store import (
    NameTakenError,
    delete_profile,
    duplicate_profile,
    list_profiles,
    load_profile,
    rename_profile,
    save_profile,
    user_path,
)

_TEXT = "# why\nschema = 1\n\n[load]\nctx_size = 0x10  # odd\n"


def _write(name: str, text: str = _TEXT) -> Path:
    path = user_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_renamed_profile_keeps_its_text_and_its_history() -> None:
    _write("old")
    save_profile(load_profile("old").with_values(threads=2))
    history.mark_ran_well("old", load_profile("old").revision, 5.0)
    text = user_path("old").read_text()
    renamed = rename_profile("old", "größe 2")
    assert renamed == load_profile("größe 2")
    assert user_path("größe 2").read_text() == text
    assert not user_path("old").exists()
    assert history.versions("old") == ()
    versions = history.versions("größe 2")
    assert [v.reason for v in versions] == ["renamed", "saved", "edited by hand"]
    assert [v.ran_well_at for v in versions] == [5.0, 5.0, None]
    assert {v.name for v in versions} == {"größe 2"}
    assert history.text(versions[-1]) == _TEXT
    assert history.removed() == ()


def test_the_history_of_a_removed_profile_of_the_new_name_stays() -> None:
    save_profile(Profile("new", values={"ctx_size": 1}))
    delete_profile("new")
    save_profile(Profile("old", values={"ctx_size": 2}))
    rename_profile("old", "new")
    told = [(v.reason, history.profile(v).value("ctx_size")) for v in history.versions("new")]
    assert told == [("renamed", 2), ("saved", 2), ("removed", 1), ("saved", 1)]


def test_a_linked_profile_is_renamed_as_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    real.write_text(_TEXT)
    profiles_dir().mkdir(parents=True)
    user_path("old").symlink_to(real)
    rename_profile("old", "new")
    assert user_path("new").is_symlink()
    assert real.read_text() == _TEXT


def test_a_copy_has_the_comments_and_a_history_of_its_own() -> None:
    _write("mine")
    copy = duplicate_profile("mine", "copy")
    assert user_path("copy").read_text() == _TEXT
    assert copy == load_profile("copy")
    assert [v.reason for v in history.versions("copy")] == ["saved"]
    assert user_path("copy").stat().st_mode & 0o777 == 0o600
    save_profile(copy.with_values(ctx_size=17))
    assert load_profile("mine").value("ctx_size") == 16


def test_a_copy_of_a_shipped_profile_is_the_users_own() -> None:
    copy = duplicate_profile("single-gpu", "mine")
    assert not copy.shipped
    assert "# Rule of thumb" in user_path("mine").read_text()
    assert load_profile("single-gpu").shipped


@pytest.mark.parametrize("new", ["taken", "broken", "smoke", "mine"])
def test_nothing_is_written_over(new: str) -> None:
    _write("mine")
    _write("taken", "[load]\nctx_size = 1\n")
    _write("broken", "[load")
    before = {path.name: path.read_text() for path in profiles_dir().iterdir()}
    for call in (rename_profile, duplicate_profile):
        with pytest.raises(NameTakenError):
            call("mine", new)
    assert {path.name: path.read_text() for path in profiles_dir().iterdir()} == before


@pytest.mark.parametrize("new", ["", "../x", "a/b", "-x", "x" * 65])
def test_a_new_name_never_leaves_the_directory(new: str) -> None:
    _write("mine")
    for call in (rename_profile, duplicate_profile):
        with pytest.raises(UsageError, match="cannot be the name of a profile"):
            call("mine", new)
    assert user_path("mine").exists()


def test_what_is_not_there_or_not_ones_own_is_not_renamed() -> None:
    with pytest.raises(NotFoundError, match="no profile mine of your own"):
        rename_profile("mine", "new")
    with pytest.raises(NotFoundError, match="comes with termai and stays"):
        rename_profile("smoke", "new")
    with pytest.raises(NotFoundError, match="no profile called mine"):
        duplicate_profile("mine", "new")


def test_what_does_not_read_is_left_alone() -> None:
    _write("bad", "[load")
    for call in (rename_profile, duplicate_profile):
        with pytest.raises(InvalidFileError):
            call("bad", "new")
    assert user_path("bad").read_text() == "[load"
    assert not user_path("new").exists()
    assert history.versions("bad") == history.versions("new") == ()


def test_a_rename_that_fails_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    save_profile(Profile("old", values={"ctx_size": 1}))
    before = history.versions("old")

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(TermaiError, match="could not be renamed: Read-only"):
        rename_profile("old", "new")
    assert history.versions("old") == before
    assert history.versions("new") == ()
    assert "new" not in [profile.name for profile in list_profiles().profiles]


def test_a_history_is_renamed_where_files_cannot_have_two_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    save_profile(Profile("old", values={"ctx_size": 1}))
    monkeypatch.setattr(os, "link", refuse)
    rename_profile("old", "new")
    renamed, saved = history.versions("new")
    assert history.text(renamed) == history.text(saved)


def test_the_longest_names_are_renamed() -> None:
    save_profile(Profile("模" * 64, values={"ctx_size": 512}))
    rename_profile("模" * 64, "名" * 64)
    assert len(history.versions("名" * 64)) == 2
