"""Disks: a full one, a closed one, one that hangs; a real full disk where one can be made."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, disks, place
from termai.environment.disks import Space
from termai.environment.storing import Place

pytestmark = pytest.mark.usefixtures("root_user")

GIB = 1 << 30


def look(*spaces: Space, limit_s: float = 30.0) -> dict[str, Finding]:
    """Look at models, data, ... on these disks."""
    names = ("models", "data", "state")[: len(spaces)]
    variable = "TERMAI_DATA_DIR"
    there = [Place(name, Path(f"/srv/{name}"), variable) for name in names]
    known = dict(zip((one.path for one in there), spaces, strict=True))
    found = disks.disks(lambda: there, known.__getitem__, limit_s)
    return {one.name: one for one in found}


def test_places_on_one_disk_are_one_finding() -> None:
    space = Space(1, 400 * GIB, 1000 * GIB)
    found = look(space, space, Space(2, 20 * GIB, 40 * GIB))
    assert set(found) == {"Disk of models", "Disk of state"}
    assert found["Disk of models"].verdict is Verdict.OK
    assert found["Disk of models"].sentence.endswith("are free for models, data.")


def test_a_full_disk_is_a_problem_that_names_what_stops() -> None:
    full = Space(1, 100 << 10, 40 * GIB)
    found = look(full, full)["Disk of models"]
    assert found.verdict is Verdict.PROBLEM
    assert "It is full (100 KiB free)" in found.sentence
    assert "models cannot be downloaded, data cannot be written" in found.sentence
    assert "TERMAI_DATA_DIR" in found.fix


def test_little_room_for_models_is_a_warning_and_enough_for_state() -> None:
    found = look(Space(1, 3 * GIB, 40 * GIB), Space(2, 400 * GIB, GIB), Space(3, 3 * GIB, 4 * GIB))
    assert found["Disk of models"].verdict is Verdict.WARNING
    assert found["Disk of state"].verdict is Verdict.OK


def test_a_disk_without_inodes_is_full() -> None:
    found = look(Space(1, 400 * GIB, 1000 * GIB, files=3))["Disk of models"]
    assert found.verdict is Verdict.PROBLEM
    assert "3 more files" in found.sentence


def test_a_disk_that_can_only_be_read_is_a_problem() -> None:
    found = look(Space(1, 400 * GIB, 1000 * GIB, read_only=True))
    assert found["Writing models"].verdict is Verdict.PROBLEM
    assert "TERMAI_DATA_DIR" in found["Writing models"].fix


def test_a_directory_of_somebody_else_is_a_problem(tmp_path: Path) -> None:
    there = tmp_path / "it's"
    there.mkdir()
    places = [Place("data", there, "TERMAI_DATA_DIR"), Place("models 2", there)]
    found = list(disks.disks(lambda: places, lambda path: Space(1, GIB * 9, GIB * 9, None, False)))
    closed = next(one for one in found if one.name == "Writing data")
    assert closed.command.endswith(f"chown -R {place.user()} '{tmp_path}/it'\"'\"'s'")
    assert not [one for one in found if one.name == "Writing models 2"]


def test_a_disk_that_hangs_hides_no_other() -> None:
    free = threading.Event()

    def measured(path: Path) -> Space:
        if path.name == "models":
            free.wait()
        return Space(1, 400 * GIB, 1000 * GIB)

    there = [Place("models", Path("/srv/models")), Place("data", Path("/srv/data"))]
    try:
        found = {one.name: one for one in disks.disks(lambda: there, measured, 0.2)}
    finally:
        free.set()
    assert found["Disk of models"].verdict is Verdict.PROBLEM
    assert "does not answer" in found["Disk of models"].sentence
    assert found["Disk of data"].verdict is Verdict.OK


def test_a_disk_that_fails_says_how() -> None:
    def measured(path: Path) -> Space:
        raise OSError(116, "Stale file handle")

    (found,) = disks.disks(lambda: [Place("data", Path("/srv/data"))], measured)
    assert "Stale file handle" in found.sentence


def test_this_machines_disk_is_measured(tmp_path: Path) -> None:
    space = disks.measure(tmp_path / "not" / "there" / "yet")
    assert 0 < space.free <= space.total == shutil.disk_usage(tmp_path).total
    assert space.writable
    assert not space.read_only


def test_a_disk_that_is_really_full_is_found_and_named(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    code = (
        "from pathlib import Path; import sys\n"
        "from termai.environment import disks\n"
        "from termai.environment.storing import Place\n"
        "there = [Place('data', Path(sys.argv[1]) / 'termai', 'TERMAI_DATA_DIR')]\n"
        "print(*disks.disks(lambda: there))\n"
    )
    script = (
        'mount -t tmpfs -o size=2m none "$1" && { head -c 4m /dev/zero >"$1/fill" || true; } '
        '2>/dev/null && exec "$2" -c "$3" "$1"'
    )
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rm", "true"], check=False).returncode:
        pytest.skip("needs unshare and user namespaces to mount a small disk")
    arguments = [unshare, "-rm", "sh", "-c", script, "sh", str(disk), sys.executable, code]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Disk of data" in done.stdout
    assert "It is full" in done.stdout
    assert "data cannot be written" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_the_kernels_own_file_systems_are_closed_and_not_full() -> None:
    there = [Place("settings", Path("/proc/none/termai"), "TERMAI_CONFIG_DIR")]
    (found,) = disks.disks(lambda: there)
    assert found.name == "Writing settings"
    assert found.verdict is Verdict.PROBLEM
    assert "Set TERMAI_CONFIG_DIR" in found.fix


def test_a_disk_that_does_not_count_is_not_called_full() -> None:
    assert look(Space(1, 0, 0)) == {}


def test_all_that_lies_on_a_full_disk_is_moved_by_its_variables() -> None:
    names = ("data", "state", "settings")
    there = [Place(one, Path(f"/srv/{one}"), f"TERMAI_{one.upper()}_DIR") for one in names]
    (found,) = disks.disks(lambda: there, lambda _: Space(1, 0, GIB), 30.0)
    assert "data, state and settings cannot be written" in found.sentence
    moved = "set TERMAI_DATA_DIR, TERMAI_STATE_DIR and TERMAI_SETTINGS_DIR to directories on"
    assert moved in found.fix
