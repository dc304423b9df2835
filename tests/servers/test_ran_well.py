"""The history of a profile says from which version a server became ready."""

from dataclasses import replace
from pathlib import Path

import pytest

from termai.errors import StartFailedError
from termai.jobs import control
from termai.profiles import history
from termai.profiles.profile import Profile
from termai.profiles.store import load_profile, save_profile
from termai.servers import manager, ran_well, registry
from termai.servers.records import Server
from tests.servers.models import write_tiny
from tests.support import wait_until


def saved(profile: Profile) -> Profile:
    save_profile(profile)
    return load_profile(profile.name)


def marks(name: str = "tiny") -> dict[str, float | None]:
    return {version.revision: version.ran_well_at for version in history.versions(name)}


def ready(server: Server) -> Server:
    """Wait until the log says that a server is ready, which nobody notes."""

    def looked() -> Server | None:
        now = registry.refresh(server)
        return now if now.facts.ready else None

    found = wait_until(looked, what="a server that is ready")
    assert found
    return found


def test_a_version_that_became_ready_ran_well(profile: Profile) -> None:
    first = saved(profile)
    second = saved(first.with_values(ctx_size=512))
    server = manager.wait_ready(manager.start(second), timeout_s=60)
    assert marks() == {first.revision: None, second.revision: server.started_at}


def test_one_that_was_never_waited_for_is_noted_later(native: Profile) -> None:
    mine = saved(native)
    server = ready(manager.start(mine))
    assert marks() == {mine.revision: None}
    ran_well.collect("another")
    assert marks() == {mine.revision: None}
    manager.stop(server)
    ran_well.collect("tiny")
    assert marks() == {mine.revision: server.started_at}


def test_it_is_noted_before_its_log_is_removed(native: Profile) -> None:
    mine = saved(native)
    server = ready(manager.start(mine))
    control.stop(server.job)
    other = replace(native.with_values(ctx_size=512), name="other")
    manager.start(other)
    assert marks() == {mine.revision: server.started_at}


def test_one_that_did_not_become_ready_is_not_noted(native: Profile, tmp_path: Path) -> None:
    odd = write_tiny(tmp_path / "odd.gguf", "no-such-architecture")
    mine = saved(native.with_values(path=str(odd)))
    with pytest.raises(StartFailedError):
        manager.wait_ready(manager.start(mine), timeout_s=60)
    ran_well.collect()
    assert marks() == {mine.revision: None}


@pytest.mark.parametrize(
    ("changes", "noted"),
    [
        ({"temperature": 0.9, "port": 18_233}, True),
        ({"ctx_size": 128}, False),
    ],
)
def test_other_values_for_one_start_count_where_they_matter(
    native: Profile, changes: dict[str, float], noted: bool
) -> None:
    mine = saved(native)
    manager.wait_ready(manager.start(mine.with_values(**changes)), timeout_s=60)
    assert (marks()[mine.revision] is not None) is noted


def test_a_profile_that_was_never_saved_leaves_no_history(native: Profile) -> None:
    manager.wait_ready(manager.start(native), timeout_s=60)
    ran_well.collect()
    assert history.versions("tiny") == ()


def test_a_restart_is_one_of_the_version_it_was_started_from(native: Profile) -> None:
    mine = saved(native)
    server = manager.start(mine)
    later = saved(mine.with_values(ctx_size=512))
    again = manager.wait_ready(manager.restart(server), timeout_s=60)
    assert marks() == {mine.revision: again.started_at, later.revision: None}
