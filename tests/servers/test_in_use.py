"""What must not be removed: files that servers have loaded and downloads fill."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from termai.models.downloads import control
from termai.models.downloads.plan import Plan, PlannedFile
from termai.models.downloads.states import Status
from termai.profiles.profile import Profile
from termai.servers import in_use, manager


@dataclass
class Shown:
    """As much of a download as is asked for."""

    plan: Plan
    status: Status


def plan(directory: Path) -> Plan:
    return Plan(
        id="1",
        repo="org/name",
        commit="c0ffee",
        endpoint="http://127.0.0.1:1",
        variant="",
        added_at=0.0,
        directory=str(directory),
        files=(PlannedFile("m.gguf", 10, sha256="0" * 64),),
    )


def test_nothing_is_in_use_where_nothing_runs() -> None:
    assert in_use.files() == ()


@pytest.mark.parametrize(("status", "used"), [(Status.RUNNING, True), (Status.PAUSED, False)])
def test_what_a_download_fills_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: Status, used: bool
) -> None:
    made = plan(tmp_path)
    monkeypatch.setattr(control, "list_downloads", lambda: (Shown(made, status),))
    expected = {made.target(made.files[0]), made.partial(made.files[0])} if used else set()
    assert set(in_use.files()) == expected


def test_the_model_of_a_server_is_in_use(native: Profile, tiny: Path) -> None:
    server = manager.start(native)
    assert tiny in in_use.files()
    manager.stop(server)
    assert tiny not in in_use.files()
