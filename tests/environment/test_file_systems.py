"""File systems that lack locks, mmap, rights or permanence, by recorded lines of mountinfo."""

from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, clock, file_systems, mounts
from termai.environment.storing import Place
from tests.environment import trees

pytestmark = pytest.mark.usefixtures("root_user")

# Recorded: a laptop's disks, a FUSE mount of sshfs, WSL's drive, a name with a blank.
MOUNTINFO = r"""22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
40 22 0:45 / /home rw,relatime shared:20 - nfs4 server:/export/home rw,vers=4.2,hard
41 22 0:46 / /mnt/c rw,noatime - 9p C:\134 rw,aname=drvfs
42 22 0:47 / /home/ada/far rw,nosuid - fuse.sshfs ada@box:/srv rw,user_id=1000
43 22 0:48 / /media/my\040stick rw,nosuid - vfat /dev/sdb1 rw
44 22 0:49 / /tmp rw - tmpfs tmpfs rw,size=8g
45 22 0:50 / /ro ro,relatime - ext4 /dev/sdc1 ro
46 22 0:51 / /over rw - ext4 /dev/sdd1 rw
47 46 0:52 / /over rw - overlay overlay rw,lowerdir=/a
"""


@pytest.fixture
def box(tmp_path: Path) -> Path:
    return trees.write(tmp_path, {"proc/self/mountinfo": MOUNTINFO})


def look(root: Path, what: str, path: str) -> Finding:
    place = Place(what, Path(path), "TERMAI_DATA_DIR")
    (found,) = file_systems.file_systems(lambda: [place], root, 30.0)
    return found


@pytest.mark.parametrize(
    ("path", "point", "kind"),
    [
        ("/", "/", "ext4"),
        ("/homes", "/", "ext4"),
        ("/home/ada", "/home", "nfs4"),
        ("/home/ada/far/x", "/home/ada/far", "fuse.sshfs"),
        ("/media/my stick/x", "/media/my stick", "vfat"),
        ("/over", "/over", "overlay"),
    ],
)
def test_the_mount_of_a_path_is_the_deepest_and_last(
    box: Path, path: str, point: str, kind: str
) -> None:
    found = mounts.mount_of(Path(path), box)
    assert found is not None
    assert (found.point, found.kind) == (point, kind)


def test_a_mount_that_can_only_be_read_says_so(box: Path) -> None:
    found = mounts.mount_of(Path("/ro/x"), box)
    assert found is not None
    assert found.read_only


def test_lines_that_are_none_are_passed_over(tmp_path: Path) -> None:
    trees.write(tmp_path, {"proc/self/mountinfo": "\n1 2 - \nnonsense - ext4\n"})
    assert mounts.mounts(tmp_path) == ()
    assert mounts.mount_of(Path("/"), tmp_path) is None


@pytest.mark.parametrize(
    ("what", "path", "words"),
    [
        ("models", "/home/ada/models", "slow as the network"),
        ("data", "/home/ada/data", "database of chats"),
        ("models", "/mnt/c/models", "Linux' own disk"),
        ("state", "/home/ada/far/state", "locks may be missing"),
        ("models", "/home/ada/far/models", "mmap"),
        ("models", "/media/my stick/models", "4 GiB"),
        ("settings", "/media/my stick", "every user can read it"),
        ("data", "/tmp/termai", "gone after a restart"),
        ("models", "/tmp/models", "take memory"),
    ],
)
def test_what_a_file_system_lacks_is_named(box: Path, what: str, path: str, words: str) -> None:
    found = look(box, what, path)
    assert (found.name, found.verdict) == (f"Files of {what}", Verdict.WARNING)
    assert words in found.sentence
    assert found.fix


def test_a_local_disk_is_fine_and_so_is_state_that_a_restart_clears(box: Path) -> None:
    assert look(box, "data", "/srv").verdict is Verdict.OK
    assert look(box, "state", "/tmp/state").verdict is Verdict.OK


def test_what_lies_in_a_containers_own_layer_goes_with_it(box: Path) -> None:
    assert look(box, "models", "/over/models").verdict is Verdict.OK
    trees.write(box, {".dockerenv": ""})
    assert "goes with the container" in look(box, "models", "/over/models").sentence


def test_a_clock_long_past_is_a_problem(tmp_path: Path) -> None:
    (found,) = clock.clock(tmp_path, lambda: 86_400.0, lambda: False)
    assert found.verdict is Verdict.PROBLEM
    assert "1970-01-02" in found.sentence
    assert found.command.endswith("timedatectl set-ntp true")


def test_a_clock_that_something_keeps_right_is_fine(tmp_path: Path) -> None:
    (found,) = clock.clock(tmp_path, lambda: 1_800_000_000.0, lambda: True)
    assert found.sentence == "It is kept right over the network."
    (found,) = clock.clock(tmp_path, lambda: 1_800_000_000.0, lambda: None)
    assert found.verdict is Verdict.OK
    assert "nothing is known" in found.sentence


def test_this_machines_kernel_is_asked() -> None:
    assert clock.by_kernel() in (True, False, None)
