"""Whatever is done to profiles, in whatever order: no content of a file is ever lost."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from termai.errors import TermaiError
from termai.paths import data_dir, profiles_dir
from termai.profiles import history, versions
from termai.profiles.places import revision_of
from termai.profiles.profile import Profile
from termai.profiles.store import (
    delete_profile,
    duplicate_profile,
    load_profile,
    rename_profile,
    save_profile,
    save_text,
    user_path,
)

_NAMES = ("one", "two", "smoke")
NAMES = st.sampled_from(_NAMES)
TEXTS = st.sampled_from(
    ("[load]\nctx_size = 1 # c\n", "# only\n", "[load", "\ufeff[chat]\nreasoning = 'off'\n")
)


def _files() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in profiles_dir().iterdir()}


def _contents() -> set[bytes]:
    found = [versions.content(version) for name in _NAMES for version in history.versions(name)]
    return {*found, *_files().values()}


class Profiles(RuleBasedStateMachine):
    """Several programs at work: each rule is one, ``opened`` what they hold meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        for directory in (profiles_dir(), data_dir()):
            shutil.rmtree(directory, ignore_errors=True)
        profiles_dir().mkdir(parents=True)
        self.opened: dict[str, Profile] = {}

    def done(self, work: Callable[[], object]) -> bool:
        """Do some work that may be refused, and check that no content is lost either way."""
        before = _contents()
        try:
            work()
        except TermaiError:
            return False
        finally:
            assert before <= _contents()
        return True

    @rule(name=NAMES, text=TEXTS)
    def edit_by_hand(self, name: str, text: str) -> None:
        history.note_external(name)
        user_path(name).write_text(text)

    @rule(name=NAMES)
    def open(self, name: str) -> None:
        self.opened.pop(name, None)
        with suppress(TermaiError):
            self.opened[name] = load_profile(name)

    @rule(name=NAMES, size=st.integers(1, 3), over=st.booleans())
    def save(self, name: str, size: int, over: bool) -> None:
        if name in self.opened:
            ours = self.opened[name].with_values(ctx_size=size)
            there = _files().get(name)
            if self.done(lambda: save_profile(ours, over=over)):
                assert load_profile(name).values == ours.values
                assert history.versions(name)[0].revision == load_profile(name).revision
                assert over or there is None or revision_of(there) == ours.revision

    @rule(name=NAMES, text=TEXTS)
    def save_a_text(self, name: str, text: str) -> None:
        if name in self.opened:
            revision = self.opened[name].revision
            self.done(lambda: save_text(name, text, revision=revision))

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        before, known = _files(), set(_told(name))
        if self.done(lambda: rename_profile(name, new)):
            assert new not in before
            assert _files() == {k: v for k, v in before.items() if k != name} | {new: before[name]}
            assert history.versions(name) == ()
            assert known <= set(_told(new))

    @rule(name=NAMES, new=NAMES)
    def duplicate(self, name: str, new: str) -> None:
        before = _files()
        if self.done(lambda: duplicate_profile(name, new)):
            assert new not in before

    @rule(name=NAMES, undo=st.booleans())
    def remove(self, name: str, undo: bool) -> None:
        before = _files()
        if self.done(lambda: delete_profile(name)):
            removed = history.versions(name)[0]
            assert removed in history.removed()
            if undo:
                self.done(lambda: history.restore(removed))
                assert _files() == before

    @rule(name=NAMES, back=st.integers(0, 3))
    def restore(self, name: str, back: int) -> None:
        wanted = history.versions(name)[back : back + 1]
        for version in wanted:
            if self.done(partial(history.restore, version)):
                assert user_path(name).read_bytes() == versions.content(version)

    @rule(name=NAMES, at=st.floats(1, 100))
    def run(self, name: str, at: float) -> None:
        if name in self.opened:
            history.mark_ran_well(name, self.opened[name].revision, at)

    @invariant()
    def versions_are_whole_and_in_order(self) -> None:
        for name in _NAMES:
            found = history.versions(name)
            numbers = [version.number for version in found]
            assert numbers == sorted(set(numbers), reverse=True)
            assert all(versions.content(version) is not None for version in found)
        assert not [version for version in history.removed() if user_path(version.name).exists()]


def _told(name: str) -> list[tuple[str, str, float | None]]:
    return [(v.revision, v.reason, v.ran_well_at) for v in history.versions(name)]


TestProfiles = Profiles.TestCase
TestProfiles.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
