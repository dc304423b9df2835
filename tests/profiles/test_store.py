"""Profiles on disk: shadowing, saving without loss, broken files, two programs at once."""

import dataclasses
import multiprocessing
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from termai.errors import InvalidFileError, NotFoundError, StorageError, TermaiError, UsageError
from termai.paths import profiles_dir
from termai.profiles import history, versions
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter
from termai.profiles.store import (
    ChangedMeanwhileError,
    NameTakenError,
    check_free,
    delete_profile,
    list_profiles,
    load_profile,
    rename_profile,
    save_profile,
    save_text,
    shipped_profile,
    text_of,
    text_to_save,
    user_path,
)
from tests.profiles.strategies import ENVIRONMENT, KEPT, VALUES


def _write(name: str, text: str) -> Path:
    path = user_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _names() -> list[str]:
    return [profile.name for profile in list_profiles().profiles]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, VALUES, ENVIRONMENT)
def test_saving_and_loading_give_the_profile_back(
    first: Mapping[str, Any], second: Mapping[str, Any], env: Mapping[str, str]
) -> None:
    """For all options, both for a new file and for the edit of an existing one."""
    user_path("mine").unlink(missing_ok=True)
    save_profile(Profile("mine", description="first", values=first, env=env))
    loaded = load_profile("mine")
    assert (loaded.values, loaded.env, loaded.description) == (first, env, "first")

    changed = dataclasses.replace(loaded, values=second, env={}, engine="llama-server")
    save_profile(changed)
    again = load_profile("mine")
    assert (again.values, again.env, again.engine) == (second, {}, "llama-server")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(KEPT, KEPT)
def test_what_other_programs_say_is_kept_to_the_byte(
    first: Mapping[str, Mapping[str, str]], second: Mapping[str, Mapping[str, str]]
) -> None:
    """In a new file, in an edited one, and when something else is edited."""
    user_path("mine").unlink(missing_ok=True)
    save_profile(Profile("mine", kept=first))
    assert load_profile("mine").kept == first
    save_profile(dataclasses.replace(load_profile("mine"), kept=second))
    save_profile(load_profile("mine").with_values(ctx_size=1))
    assert load_profile("mine").kept == second


def test_a_profile_of_the_longest_name_is_saved() -> None:
    save_profile(Profile("模" * 64, values={"ctx_size": 512}))
    assert load_profile("模" * 64).value("ctx_size") == 512


def test_a_directory_that_cannot_be_listed_is_a_problem_and_hides_no_shipped_profile() -> None:
    profiles_dir().parent.mkdir(parents=True)
    profiles_dir().write_text("in the way")
    listing = list_profiles()
    assert "smoke" in [profile.name for profile in listing.profiles]
    [problem] = listing.problems
    assert "cannot be read: Not a directory" in problem.message


def test_a_new_profile_is_private_and_has_a_schema() -> None:
    path = save_profile(Profile("mine", values={"ctx_size": 512}))
    assert path.read_text().startswith("schema = 1\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert profiles_dir().stat().st_mode & 0o777 == 0o700


def test_an_edit_keeps_comments_order_and_spelling() -> None:
    _write(
        "mine",
        "# my notes\nschema = 1\n\n[server]\nport = 9_000 # fixed\n\n"
        "# about loading\n[load]\nctx_size = 0x1000\n# threads = 8\n\n# about chat\n[chat]\n"
        "reasoning = 'off'\n",
    )
    save_profile(load_profile("mine").with_values(threads=4, reasoning=None, mlock=True))
    assert user_path("mine").read_text() == (
        "# my notes\nschema = 1\n\n[server]\nport = 9_000 # fixed\n\n"
        "# about loading\n[load]\nctx_size = 0x1000\n# threads = 8\nmlock = true\nthreads = 4\n\n"
        "# about chat\n[chat]\n"
    )


def test_adapters_replace_an_array_of_tables_in_place() -> None:
    _write("mine", "[model]\npath = 'x'\n[[model.lora]]\npath = 'a'\n\n[load]\nctx_size = 1\n")
    wanted = (Adapter("b", 0.5), Adapter("c, d"))
    save_profile(load_profile("mine").with_values(lora=wanted))
    assert load_profile("mine").values == {"path": "x", "lora": wanted, "ctx_size": 1}


def test_saving_what_is_unchanged_leaves_the_bytes_alone() -> None:
    text = "schema=1\n[load]\nctx_size  =  4096   # why\n[model]\nlora=[{scale=1,path='x'}]"
    path = _write("mine", text)
    save_profile(load_profile("mine"))
    assert path.read_text() == text


def test_a_user_profile_shadows_the_shipped_one_until_it_is_deleted() -> None:
    shipped = load_profile("smoke")
    assert shipped.shipped
    save_profile(shipped.with_values(ctx_size=1024))
    mine = load_profile("smoke")
    assert not mine.shipped
    assert mine.path == user_path("smoke")
    assert mine.value("ctx_size") == 1024
    assert _names().count("smoke") == 1
    delete_profile("smoke")
    assert load_profile("smoke") == shipped


def test_a_copy_of_a_shipped_profile_keeps_its_comments() -> None:
    save_profile(load_profile("single-gpu").with_values(path="x.gguf"))
    text = user_path("single-gpu").read_text()
    assert "# Rule of thumb" in text
    assert 'path = "x.gguf"  # absolute' in text


def test_a_shipped_profile_cannot_be_deleted() -> None:
    with pytest.raises(NotFoundError, match="comes with termai"):
        delete_profile("smoke")


def test_a_broken_profile_hides_no_other_and_stays_as_it_is() -> None:
    save_profile(Profile("good", values={"ctx_size": 512}))
    bad = _write("bad", "[load]\nctx_size = ")
    _write("worse", "[load]\nctx_size = true")
    (profiles_dir() / "binary.toml").write_bytes(b"a = '\xff\xfe'")
    (profiles_dir() / "folder.toml").mkdir()
    listing = list_profiles()
    assert "good" in [profile.name for profile in listing.profiles]
    assert "smoke" in [profile.name for profile in listing.profiles]
    assert {p.message.split(",")[0].split(": ")[0] for p in listing.problems} == {
        str(bad),
        str(user_path("worse")),
        str(profiles_dir() / "binary.toml"),
        f"{profiles_dir() / 'folder.toml'} cannot be read",
    }
    with pytest.raises(InvalidFileError):
        save_profile(Profile("bad", values={"ctx_size": 512}))
    assert bad.read_text() == "[load]\nctx_size = "


def test_a_broken_user_profile_does_not_fall_back_to_the_shipped_one() -> None:
    _write("smoke", "[load]\nctx_size = 'x'")
    with pytest.raises(InvalidFileError, match="line 2"):
        load_profile("smoke")
    assert "smoke" not in _names()


def test_a_change_by_someone_else_is_noticed() -> None:
    save_profile(Profile("mine", values={"ctx_size": 512}))
    ours = load_profile("mine").with_values(ctx_size=1024)
    theirs = load_profile("mine").with_values(threads=2)
    save_profile(theirs)
    with pytest.raises(UsageError, match="changed meanwhile"):
        save_profile(ours)
    assert load_profile("mine").values == {"ctx_size": 512, "threads": 2}


def test_a_profile_made_by_someone_else_is_not_overwritten() -> None:
    save_profile(Profile("mine", values={"ctx_size": 512}))
    with pytest.raises(UsageError, match="already a profile mine"):
        save_profile(Profile("mine", values={"ctx_size": 1024}))
    assert load_profile("mine").value("ctx_size") == 512


def test_a_profile_removed_by_someone_else_is_not_brought_back() -> None:
    save_profile(Profile("mine", values={"ctx_size": 512}))
    ours = load_profile("mine").with_values(ctx_size=1024)
    delete_profile("mine")
    with pytest.raises(UsageError, match="removed meanwhile"):
        save_profile(ours)


def _changed_meanwhile() -> Profile:
    """Return our change of a profile whose file says something else by now."""
    _write("mine", "# theirs\n[load]\nctx_size = 512\n")
    ours = load_profile("mine").with_values(ctx_size=1024)
    _write("mine", "# theirs, changed\n[load]\nctx_size = 700\nthreads = 3\n")
    return ours


def test_a_foreign_change_names_the_file_and_what_happened_to_it() -> None:
    ours = _changed_meanwhile()
    with pytest.raises(ChangedMeanwhileError) as caught:
        save_profile(ours)
    error = caught.value
    assert (error.name, error.path, error.how) == ("mine", user_path("mine"), "changed")
    with pytest.raises(ChangedMeanwhileError):
        text_to_save(ours)
    delete_profile("mine")
    with pytest.raises(ChangedMeanwhileError) as caught:
        save_profile(ours)
    assert caught.value.how == "removed"


def test_ours_is_written_over_theirs_on_demand_and_theirs_is_kept() -> None:
    ours = _changed_meanwhile()
    theirs = user_path("mine").read_text()
    text = text_to_save(ours, over=True)
    save_profile(ours, over=True)
    assert user_path("mine").read_text() == text
    assert text == "# theirs, changed\n[load]\nctx_size = 1024\n"
    assert history.text(history.versions("mine")[1]) == theirs


def test_ours_is_written_over_what_does_not_even_read_with_the_comments_it_had() -> None:
    save_profile(Profile("mine", values={"ctx_size": 1}))
    _write("mine", "# why\n[load]\nctx_size = 2\n")
    save_profile(load_profile("mine").with_values(threads=1))
    ours = load_profile("mine").with_values(ctx_size=3)
    _write("mine", "[load\nctx_size = ")
    with pytest.raises(ChangedMeanwhileError):
        save_profile(ours)
    save_profile(ours, over=True)
    assert user_path("mine").read_text() == "# why\n[load]\nctx_size = 3\nthreads = 1\n"
    assert history.text(history.versions("mine")[1]) == "[load\nctx_size = "


def test_ours_is_written_where_theirs_was_removed_with_its_comments() -> None:
    _write("mine", "# why\n[load]\nctx_size = 2\n")
    ours = load_profile("mine").with_values(ctx_size=3)
    delete_profile("mine")
    save_profile(ours, over=True)
    assert user_path("mine").read_text() == "# why\n[load]\nctx_size = 3\n"


def test_a_copy_of_a_shipped_profile_made_by_someone_else_is_noticed() -> None:
    ours = load_profile("smoke").with_values(ctx_size=1024)
    save_profile(load_profile("smoke").with_values(ctx_size=2048))
    with pytest.raises(ChangedMeanwhileError) as caught:
        save_profile(ours)
    assert caught.value.how == "made"
    save_profile(ours, over=True)
    assert load_profile("smoke").value("ctx_size") == 1024
    assert [v.reason for v in history.versions("smoke")] == ["saved", "saved"]


def test_a_profile_of_another_name_never_writes_over_one() -> None:
    save_profile(Profile("other", values={"ctx_size": 1}))
    save_profile(Profile("mine", values={"ctx_size": 2}))
    for taken in (load_profile("mine"), load_profile("smoke"), Profile("new")):
        with pytest.raises(NameTakenError, match="already a profile other"):
            save_profile(dataclasses.replace(taken, name="other"))
    save_profile(dataclasses.replace(load_profile("smoke"), name="again"))
    assert load_profile("again").values == load_profile("smoke").values


def test_names_in_use_are_not_free() -> None:
    check_free("mine")
    _write("mine", "broken")
    for name, whose in (("mine", "of your own"), ("smoke", "that comes with termai")):
        with pytest.raises(NameTakenError, match=whose):
            check_free(name)


def test_a_text_is_saved_as_it_is() -> None:
    text = "# mine\r\n[load]\r\nctx_size=0x10  # odd\r\n\r\n"
    made = save_text("mine", text, revision="")
    assert user_path("mine").read_bytes() == text.encode()
    assert made == load_profile("mine")
    assert text_of(made) == text
    again = save_text("mine", "[load]\nthreads = 2", revision=made.revision)
    assert again.values == {"threads": 2}
    assert user_path("mine").stat().st_mode & 0o777 == 0o600
    assert [v.reason for v in history.versions("mine")] == ["saved", "saved"]


@pytest.mark.parametrize("text", ["[load]\nctx_size = 'x'", "[load", "schema = 2", "\udcff = 1"])
def test_a_text_that_does_not_read_is_not_saved(text: str) -> None:
    made = save_text("mine", "[load]\nctx_size = 1\n", revision="")
    with pytest.raises(TermaiError):
        save_text("mine", text, revision=made.revision)
    assert load_profile("mine") == made
    assert len(history.versions("mine")) == 1


def test_a_text_larger_than_what_is_read_is_not_saved() -> None:
    with pytest.raises(UsageError, match="1048576 at most"):
        save_text("mine", "#" * (1 << 20) + "\n", revision="")
    half = "\x7f" * 60_000
    kept = {"koboldcpp": {str(number): half for number in range(8)}}
    with pytest.raises(UsageError, match="1048576 at most"):
        save_profile(Profile("mine", kept=kept))
    assert not user_path("mine").exists()


def test_a_text_is_not_written_over_a_foreign_change() -> None:
    made = save_text("mine", "[load]\nctx_size = 1\n", revision="")
    _write("mine", "[load]\nctx_size = 2\n")
    with pytest.raises(ChangedMeanwhileError):
        save_text("mine", "# ours\n", revision=made.revision)
    with pytest.raises(NameTakenError):
        save_text("mine", "# ours\n", revision="")
    save_text("mine", "# ours\n", revision=made.revision, over=True)
    assert user_path("mine").read_text() == "# ours\n"
    assert history.text(history.versions("mine")[1]) == "[load]\nctx_size = 2\n"


def test_the_edited_text_of_a_shipped_profile_becomes_a_copy_of_the_users_own() -> None:
    shipped = load_profile("smoke")
    text = text_of(shipped) + "\n# mine\n"
    assert not save_text("smoke", text, revision=shipped.revision).shipped
    assert user_path("smoke").read_text() == text
    assert shipped_profile("smoke") == shipped
    assert shipped_profile("mine") is None


def test_the_text_of_an_unsaved_profile_is_what_a_save_writes() -> None:
    new = Profile("mine", values={"ctx_size": 1})
    assert text_of(new) == text_to_save(new)
    assert save_profile(new).read_text() == text_of(new)


def test_an_editor_that_writes_during_a_save_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    _write("mine", "[load]\nctx_size = 1\n")
    ours = load_profile("mine").with_values(ctx_size=2)
    note = versions.note

    def and_write(name: str, data: bytes) -> None:
        note(name, data)
        _write("mine", "# theirs\n")

    monkeypatch.setattr(versions, "note", and_write)
    with pytest.raises(ChangedMeanwhileError):
        save_profile(ours)
    assert user_path("mine").read_text() == "# theirs\n"


def test_what_could_not_be_brought_back_is_not_removed() -> None:
    (profiles_dir() / "folder.toml").mkdir(parents=True)
    _write("large", "#" * (1 << 20) + "\n")
    for name in ("folder", "large"):
        with pytest.raises(InvalidFileError) as caught:
            delete_profile(name)
        assert "remove it by hand" in caught.value.fix
        assert user_path(name).exists()


def test_a_byte_order_mark_is_no_foreign_change() -> None:
    _write("mine", "\ufeff# why\n[load]\nctx_size = 1\n")
    save_profile(load_profile("mine").with_values(ctx_size=2))
    assert user_path("mine").read_text() == "# why\n[load]\nctx_size = 2\n"


def test_a_linked_profile_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "mine.toml"
    real.write_text("# why\n[load]\nctx_size = 1\n")
    profiles_dir().mkdir(parents=True)
    user_path("mine").symlink_to(real)
    save_profile(load_profile("mine").with_values(ctx_size=2))
    assert user_path("mine").is_symlink()
    assert real.read_text() == "# why\n[load]\nctx_size = 2\n"
    version = delete_profile("mine")
    assert real.exists()
    history.restore(version)
    assert load_profile("mine").value("ctx_size") == 2


def test_a_link_to_nothing_is_named_and_not_removed() -> None:
    profiles_dir().mkdir(parents=True)
    user_path("mine").symlink_to("nowhere.toml")
    with pytest.raises(NotFoundError, match="leads to a file that is not there"):
        delete_profile("mine")
    with pytest.raises(NameTakenError):
        check_free("mine")
    assert user_path("mine").is_symlink()


def _count_up(times: int) -> None:
    done = 0
    while done < times:
        mine = load_profile("shared")
        try:
            save_profile(mine.with_values(ctx_size=mine.value("ctx_size") + 1))
            done += 1
        except UsageError:
            continue


def test_two_programs_that_save_lose_nothing() -> None:
    save_profile(Profile("shared", values={"ctx_size": 0}))
    context = multiprocessing.get_context("fork")
    programs = [context.Process(target=_count_up, args=(15,)) for _ in range(2)]
    try:
        for program in programs:
            program.start()
        for program in programs:
            program.join(60)
        assert [program.exitcode for program in programs] == [0, 0]
    finally:
        for program in programs:
            program.kill()
    assert load_profile("shared").value("ctx_size") == 30


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "a\nb", "a\x1bb", "x.", "x" * 65]
)
def test_a_name_never_leaves_the_directory(name: str) -> None:
    for call in (load_profile, delete_profile, user_path):
        with pytest.raises(UsageError, match="cannot be the name of a profile"):
            call(name)
    with pytest.raises(UsageError):
        save_profile(Profile(name, values={"ctx_size": 1}))


@pytest.mark.parametrize("name", ["Qwen3 8B", "größe_2", "a.b-c", "模型"])
def test_names_of_many_kinds_are_saved_and_listed(name: str) -> None:
    save_profile(Profile(name, values={"ctx_size": 1}))
    assert name in _names()


def test_a_file_with_a_name_no_profile_can_have_is_a_problem() -> None:
    _write("x", "")
    (profiles_dir() / "-x.toml").write_text("")
    (profiles_dir() / "a\x1b[31m.toml").write_text("")
    problems = [problem.message for problem in list_profiles().problems]
    assert len(problems) == 2
    assert all("cannot be the name of a profile" in problem for problem in problems)
    assert all("\x1b" not in problem for problem in problems)


def test_values_that_no_option_takes_are_not_written() -> None:
    with pytest.raises(UsageError, match="expected a whole number"):
        save_profile(Profile("mine", values={"ctx_size": "many"}))
    with pytest.raises(UsageError, match="llamaserver"):
        save_profile(Profile("mine", args={"llamaserver": ("-x",)}))
    assert not user_path("mine").exists()


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(NotFoundError, match=r"no profile called smoek\. Did you mean smoke"):
        load_profile("smoek")


def test_with_values_checks_and_unsets() -> None:
    profile = Profile("mine").with_values(ctx_size=512, mlock=True)
    assert profile.with_values(mlock=None).values == {"ctx_size": 512}
    with pytest.raises(UsageError, match="Did you mean ctx_size"):
        profile.with_values(ctx_siz=1)
    with pytest.raises(UsageError, match="expected true or false"):
        profile.with_values(mlock=1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 KiB as the configuration directory."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "termai" / "config"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this container may not mount")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_an_error_and_not_a_truncated_profile(small_disk: Path) -> None:
    save_profile(Profile("mine", values={"ctx_size": 512}))
    before = user_path("mine").read_bytes()
    grown = load_profile("mine").with_values(system_prompt="x" * 40_000)
    (small_disk / "filler").write_bytes(b"\0" * 40_000)
    with pytest.raises(StorageError, match="No space left"):
        save_profile(grown)
    assert user_path("mine").read_bytes() == before
    assert sorted(path.name for path in profiles_dir().iterdir()) == ["mine.toml"]
    (small_disk / "filler").unlink()
    save_profile(grown)
    assert load_profile("mine").values == grown.values


def test_a_directory_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "termai").mkdir()
    (tmp_path / "termai" / "config").write_text("a file in the way")
    with pytest.raises(TermaiError):
        save_profile(Profile("mine", values={"ctx_size": 512}))
    assert load_profile("smoke").shipped


def test_a_name_is_one_in_whatever_spelling_of_unicode() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    path = save_profile(Profile(decomposed).with_values(threads=2))
    assert path.name == f"{composed}.toml"
    assert load_profile(decomposed).name == composed
    with pytest.raises(NameTakenError):
        save_profile(Profile(composed))
    with pytest.raises(NameTakenError):
        check_free(decomposed)
    delete_profile(decomposed)
    assert not path.exists()
    assert [version.name for version in history.removed()] == [composed]


def test_a_file_in_the_other_spelling_is_found_changed_and_renamed() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    profiles_dir().mkdir(parents=True, exist_ok=True)
    path = profiles_dir() / f"{decomposed}.toml"
    path.write_text("schema = 1\n[load]\nthreads = 2 # two\n")
    profile = load_profile(composed)
    assert (profile.name, profile.path, composed in _names()) == (composed, path, True)
    assert save_profile(profile.with_values(threads=3)) == path
    assert "threads = 3 # two" in path.read_text()
    assert [one.name for one in profiles_dir().iterdir()] == [path.name]
    assert len(versions.listed(decomposed)) == len(versions.listed(composed)) == 2
    assert rename_profile(composed, "tea").name == "tea"
    assert not path.exists()
    assert len(versions.listed("tea")) == 3


def test_a_file_that_another_spelling_hides_is_told_and_left() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    mine = _write(composed, "schema = 1\n[load]\nthreads = 2\n")
    other = mine.with_name(f"{decomposed}.toml")
    other.write_text("schema = 1\n[load]\nthreads = 3\n")
    if len(list(profiles_dir().iterdir())) < 2:
        pytest.skip("this file system knows one spelling only")
    found = list_profiles()
    assert _names().count(composed) == 1
    assert [str(other) in problem.message for problem in found.problems] == [True]
    save_profile(load_profile(decomposed).with_values(threads=4))
    assert "threads = 4" in mine.read_text()
    assert "threads = 3" in other.read_text()
