"""Changes that nobody saved come back, and never over what somebody else has written."""

import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from termai.errors import UsageError
from termai.paths import state_dir
from termai.profiles import unsaved
from termai.profiles.profile import Profile
from termai.profiles.store import ChangedMeanwhileError, load_profile, save_profile
from tests.profiles.strategies import VALUES


def saved(**values: object) -> Profile:
    save_profile(Profile(name="mine").with_values(**values))
    return load_profile("mine")


def test_changes_come_back_as_they_were_and_can_be_saved() -> None:
    before = saved(ctx_size=4096)
    unsaved.keep(before.with_values(ctx_size=8192))
    found = unsaved.kept(load_profile("mine"))
    assert found is not None
    assert found.profile == before.with_values(ctx_size=8192)
    save_profile(found.profile)
    assert load_profile("mine").value("ctx_size") == 8192
    assert unsaved.kept(load_profile("mine")) is None


@given(VALUES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_profile_comes_back(home: object, values: dict[str, object]) -> None:
    before = Profile(name="any", shipped=True, revision="ab")
    changed = before.with_values(**values)
    unsaved.keep(changed)
    found = unsaved.kept(before)
    assert (found.profile if found else before) == changed


def test_changes_of_an_older_file_are_never_saved_over_the_newer_one_unnoticed() -> None:
    before = saved(ctx_size=4096)
    unsaved.keep(before.with_values(ctx_size=8192))
    save_profile(before.with_values(ctx_size=5000))
    found = unsaved.kept(load_profile("mine"))
    assert found is not None
    with pytest.raises(ChangedMeanwhileError):
        save_profile(found.profile)


def test_what_is_forgotten_or_broken_is_nothing() -> None:
    before = saved(ctx_size=4096)
    unsaved.keep(before.with_values(ctx_size=8192))
    unsaved.forget("mine")
    unsaved.forget("mine")
    assert unsaved.kept(before) is None
    path = state_dir() / "unsaved/mine.toml"
    for text in ("", "# unsaved changes of ab\n[load\n", "[load]\nctx_size = 1\n", "\x00"):
        path.write_text(text)
        assert unsaved.kept(before) is None


_OTHER = """
import sys
from termai.profiles import unsaved
from termai.profiles.store import load_profile
unsaved.keep(load_profile("mine").with_values(ctx_size=8192))
print("kept", flush=True)
sys.stdin.read()
"""


def test_changes_of_a_program_that_still_runs_are_left_to_it() -> None:
    before = saved(ctx_size=4096)
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "kept\n"
        found = unsaved.kept(before)
        assert found is not None
        assert found.elsewhere
        unsaved.forget("mine")
        unsaved.keep(before.with_values(ctx_size=5000))
        assert unsaved.kept(before) == found
        other.communicate("")
    left = unsaved.kept(before)
    assert left is not None
    assert not left.elsewhere
    assert left.profile.value("ctx_size") == 8192
    unsaved.forget("mine")
    assert unsaved.kept(before) is None


def test_it_is_for_its_owner_alone_and_stays_in_its_directory() -> None:
    unsaved.keep(saved(ctx_size=4096))
    path = state_dir() / "unsaved/mine.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(UsageError):
        unsaved.keep(Profile(name="../x"))
