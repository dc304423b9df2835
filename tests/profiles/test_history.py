"""Every version of a profile is kept and comes back on demand, and no history stops a save."""

import time
from pathlib import Path

import pytest

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.paths import data_dir
from termai.profiles import history, versions
from termai.profiles.history import Version
from termai.profiles.profile import Profile
from termai.profiles.store import (
    ChangedMeanwhileError,
    delete_profile,
    load_profile,
    rename_profile,
    save_profile,
    save_text,
    text_of,
    user_path,
)

_HAND = "# by hand\n[load]\nctx_size = 77\n"


def _saved(name: str, *sizes: int) -> Profile:
    """Save a profile once for each size of its context."""
    save_profile(Profile(name, values={"ctx_size": sizes[0]}))
    for size in sizes[1:]:
        save_profile(load_profile(name).with_values(ctx_size=size))
    return load_profile(name)


def _told(name: str) -> list[tuple[str, object]]:
    """Return reason and context of each version, newest first."""
    return [(v.reason, history.profile(v).value("ctx_size")) for v in history.versions(name)]


def _directory(name: str) -> Path:
    return data_dir() / "profile-history" / name


def test_each_save_is_a_version_and_an_equal_one_is_not() -> None:
    mine = _saved("mine", 1, 2, 3)
    save_profile(mine)
    assert _told("mine") == [("saved", 3), ("saved", 2), ("saved", 1)]
    newest, *_, oldest = history.versions("mine")
    assert newest.revision == mine.revision
    assert newest.saved_at > oldest.saved_at
    assert history.text(newest) == text_of(mine)
    assert history.versions("other") == ()


def test_what_is_kept_is_private() -> None:
    _saved("mine", 1, 2)
    assert {path.stat().st_mode & 0o777 for path in _directory("mine").iterdir()} == {0o600}
    assert _directory("mine").stat().st_mode & 0o777 == 0o700
    assert _directory("mine").parent.stat().st_mode & 0o777 == 0o700


def test_an_edit_by_hand_is_kept_before_it_is_saved_over() -> None:
    _saved("mine", 1)
    user_path("mine").write_text(_HAND)
    save_profile(load_profile("mine").with_values(ctx_size=2))
    assert _told("mine") == [("saved", 2), ("edited by hand", 77), ("saved", 1)]


def test_an_edit_by_hand_is_kept_when_the_profile_is_opened() -> None:
    history.note_external("mine")
    assert history.versions("mine") == ()
    _saved("mine", 1)
    user_path("mine").write_text(_HAND)
    for _ in range(2):
        history.note_external("mine")
    assert _told("mine") == [("edited by hand", 77), ("saved", 1)]
    assert history.text(history.versions("mine")[0]) == _HAND


def test_a_broken_edit_by_hand_is_kept_as_it_is() -> None:
    _saved("mine", 1)
    user_path("mine").write_bytes(b"[load\n\xff")
    history.note_external("mine")
    newest, before = history.versions("mine")
    with pytest.raises(InvalidFileError, match="UTF-8"):
        history.text(newest)
    with pytest.raises(InvalidFileError):
        history.restore(newest)
    assert history.restore(before).value("ctx_size") == 1
    assert versions.content(newest) == b"[load\n\xff"


def test_a_version_is_restored_to_the_byte_and_nothing_is_lost_by_it() -> None:
    _saved("mine", 1)
    user_path("mine").write_text(_HAND)
    save_profile(load_profile("mine").with_values(ctx_size=2))
    user_path("mine").write_text("[load]\nctx_size = 3\n")
    by_hand = next(v for v in history.versions("mine") if v.reason == "edited by hand")
    assert history.restore(by_hand).value("ctx_size") == 77
    assert user_path("mine").read_text() == _HAND
    assert load_profile("mine").revision == by_hand.revision
    told = [("restored", 77), ("edited by hand", 3), ("saved", 2), ("edited by hand", 77)]
    assert _told("mine") == [*told, ("saved", 1)]


def test_a_removed_profile_is_listed_and_comes_back_with_its_comments() -> None:
    user_path("mine").parent.mkdir(parents=True)
    user_path("mine").write_text(_HAND)
    _saved("other", 1)
    version = delete_profile("mine")
    assert (version.name, version.reason) == ("mine", "removed")
    assert not user_path("mine").exists()
    assert history.removed() == (version,)
    assert history.restore(version).value("ctx_size") == 77
    assert user_path("mine").read_text() == _HAND
    assert history.removed() == ()
    assert [v.reason for v in history.versions("mine")] == ["restored", "removed"]


def test_even_a_broken_profile_comes_back_when_its_removal_is_undone() -> None:
    user_path("bad").parent.mkdir(parents=True)
    user_path("bad").write_bytes(b"\xef\xbb\xbf[load]\nctx_size = \xff")
    version = delete_profile("bad")
    with pytest.raises(InvalidFileError, match="line 2"):
        history.restore(version)
    assert user_path("bad").read_bytes() == b"\xef\xbb\xbf[load]\nctx_size = \xff"


def test_removed_profiles_are_listed_newest_first() -> None:
    for name in ("b", "c", "a"):
        _saved(name, 1)
    for name in ("c", "a", "b"):
        delete_profile(name)
    user_path("a").write_text("")
    assert [version.name for version in history.removed()] == ["b", "c"]


def test_what_ran_well_is_told_of_every_equal_version() -> None:
    first = _saved("mine", 1)
    save_profile(first.with_values(ctx_size=2))
    history.mark_ran_well("mine", first.revision, 1000.5)
    history.restore(history.versions("mine")[1])
    assert [v.ran_well_at for v in history.versions("mine")] == [1000.5, None, 1000.5]
    history.mark_ran_well("mine", first.revision, 900.0)
    assert history.versions("mine")[0].ran_well_at == 1000.5
    history.mark_ran_well("mine", first.revision, 2000.0)
    assert history.versions("mine")[0].ran_well_at == 2000.0
    assert delete_profile("mine") == history.versions("mine")[0]


def test_a_run_of_an_edit_by_hand_is_noted_with_the_edit() -> None:
    _saved("mine", 1)
    user_path("mine").write_text(_HAND)
    history.mark_ran_well("mine", load_profile("mine").revision, 5.0)
    assert [(v.reason, v.ran_well_at) for v in history.versions("mine")] == [
        ("edited by hand", 5.0),
        ("saved", None),
    ]


def test_a_run_of_what_is_not_kept_leaves_nothing_behind() -> None:
    history.mark_ran_well("smoke", load_profile("smoke").revision, 5.0)
    history.mark_ran_well("mine", "0" * 16, float("nan"))
    assert not (data_dir() / "profile-history").exists()


def test_old_versions_go_but_not_those_that_ran_well_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "NEWEST", 3)
    monkeypatch.setattr(versions, "RAN_WELL", 2)
    mine = Profile("mine")
    for size in range(1, 8):
        save_profile(mine.with_values(ctx_size=size))
        mine = load_profile("mine")
        if size <= 3:
            history.mark_ran_well("mine", mine.revision, 10.0 - size)
    assert [size for _, size in _told("mine")] == [7, 6, 5, 2, 1]
    marks = [path for path in _directory("mine").iterdir() if path.name.startswith("ran-")]
    assert len(marks) == 2


def test_large_versions_have_a_bound_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "BYTES", 5000)
    for letter in "abcdef":
        mine = load_profile("mine") if user_path("mine").exists() else Profile("mine")
        save_profile(mine.with_values(system_prompt=letter * 1500))
    assert len(history.versions("mine")) == 3
    save_profile(load_profile("mine").with_values(system_prompt="x" * 9000))
    assert len(history.versions("mine")) == 1


def test_a_clock_set_back_does_not_mix_up_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10**18 + 5]
    monkeypatch.setattr(time, "time_ns", lambda: now[0])
    _saved("mine", 1)
    now[0] -= 10**15
    save_profile(load_profile("mine").with_values(ctx_size=2))
    assert _told("mine") == [("saved", 2), ("saved", 1)]


def test_a_damaged_version_is_named_and_stops_no_save() -> None:
    mine = _saved("mine", 1, 2)
    damaged, sound = history.versions("mine")
    versions.path_of(damaged).write_text("x = 1")
    with pytest.raises(InvalidFileError, match="damaged"):
        history.text(damaged)
    with pytest.raises(InvalidFileError, match="damaged"):
        history.restore(damaged)
    assert history.profile(sound).value("ctx_size") == 1
    save_profile(mine)
    assert history.text(history.versions("mine")[0]) == text_of(mine)


def test_strange_files_in_the_history_are_passed_over() -> None:
    mine = _saved("mine", 1)
    for name in ("notes.txt", f"{'9' * 20}-saved-{'a' * 16}.toml", "ran-x", ".x.tmp"):
        (_directory("mine") / name).write_text("?")
    (_directory("mine") / f"ran-{mine.revision}").write_text("yesterday")
    (_directory("mine").parent / "..bad").mkdir()
    (_directory("mine").parent / "file").write_text("")
    assert [(v.reason, v.ran_well_at) for v in history.versions("mine")] == [("saved", None)]
    delete_profile("mine")
    assert [version.name for version in history.removed()] == ["mine"]


def test_a_version_that_is_gone_is_an_error() -> None:
    _saved("mine", 1)
    [version] = history.versions("mine")
    versions.path_of(version).unlink()
    with pytest.raises(NotFoundError, match="not kept any more"):
        history.restore(version)


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "-x", ".x", "a\nb"])
def test_a_name_never_leaves_the_history(name: str) -> None:
    with pytest.raises(UsageError):
        history.versions(name)
    with pytest.raises(UsageError):
        history.restore(Version(name, "0" * 16, 0.0, "saved"))
    history.note_external(name)
    history.mark_ran_well(name, "0" * 16, 1.0)


@pytest.fixture
def no_history() -> Path:
    """Put a file where the directory of the history should be."""
    data_dir().parent.mkdir(parents=True, exist_ok=True)
    data_dir().write_text("in the way")
    return data_dir()


def test_a_history_that_cannot_be_written_stops_no_save_and_is_told(no_history: Path) -> None:
    told: list[TermaiError] = []
    save_profile(Profile("mine", values={"ctx_size": 1}), warn=told.append)
    save_profile(load_profile("mine").with_values(ctx_size=2))
    save_text("mine", _HAND, revision=load_profile("mine").revision)
    assert load_profile("mine").value("ctx_size") == 77
    assert len(told) == 1
    assert str(no_history) in told[0].message
    history.note_external("mine")


def test_what_nobody_has_seen_is_not_written_over_without_a_history(no_history: Path) -> None:
    ours = _saved("mine", 1).with_values(ctx_size=2)
    user_path("mine").write_text(_HAND)
    with pytest.raises(ChangedMeanwhileError):
        save_profile(ours)
    with pytest.raises(StorageError):
        save_profile(ours, over=True)
    with pytest.raises(StorageError):
        delete_profile("mine")
    with pytest.raises(StorageError):
        rename_profile("mine", "other")
    assert user_path("mine").read_text() == _HAND
    assert not user_path("other").exists()
