"""A disk that really is full: a small file system in memory, mounted for one program only."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, random
from pathlib import Path
from termai.errors import TermaiError
from termai.models.downloads import control, space
from tests.fakes.hub.files import Content
from tests.models.downloads.bringing import planned
from tests.models.downloads.hub import one_repo
from tests.support import wait_until

MIB = 1 << 20
disk = Path(os.environ["TERMAI_DATA_DIR"]).parent

def fill(left):
    with (disk / "filler").open("ab", buffering=0) as filler:
        while space.free(disk) > left:
            filler.write(b"x" * min(MIB, space.free(disk) - left))

with one_repo() as hub:
    os.environ["HF_ENDPOINT"] = hub.url
    large = hub.add("large.gguf", Content(bytes(60 * MIB)))
    try:
        control.add_plan(planned(hub, large))
    except TermaiError as error:
        print(error.exit_code, error)
    print(len(control.list_downloads()))
    content = Content(random.Random(1).randbytes(12 * MIB))
    hub.files.rate = 4.0 * MIB
    download = control.add_plan(planned(hub, hub.add("m.gguf", content)))
    wait_until(lambda: control.get("1").bytes_done > MIB)
    fill(0)
    ended = control.wait(download, timeout_s=60)
    print(ended.status, ended.exit_code, ended.problem, ended.fix)
    kept = ended.bytes_done
    try:
        print("taken", control.resume(ended))
    except TermaiError as error:
        print(error.exit_code, error)
    (disk / "filler").unlink()
    hub.files.rate = 0
    control.resume(ended)
    ended = control.wait(download, timeout_s=60)
    print(ended.status, ended.path.read_bytes() == content.data, hub.starts()[-1] == kept > 0)
    hub.files.rate = 1.0 * MIB
    other = control.add_plan(planned(hub, hub.add("n.gguf", content)))
    wait_until(lambda: control.get("2").bytes_done > 100_000)
    fill(0)
    control.wait(other, timeout_s=60)
    print(control.cancel(control.get("2")).status, space.free(disk) > 0)
"""
MOUNTED = (
    'mount -t tmpfs -o size=60m tmpfs "$0" && mkdir "$0/state" "$0/data" && '
    'TERMAI_STATE_DIR="$0/state" TERMAI_DATA_DIR="$0/data" exec "$@"'
)


def in_small_disk(disk: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    disk.mkdir()
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, str(disk)]
    return subprocess.run(
        [*unshare, *argv],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )


@pytest.mark.slow
def test_a_full_disk_is_a_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    """Also where the records of downloads lie on the same disk."""
    if not shutil.which("unshare") or in_small_disk(tmp_path / "try", "true").returncode:
        pytest.skip("this machine lets nobody mount a small disk of their own")
    ran = in_small_disk(tmp_path / "disk", sys.executable, "-c", PROGRAM)
    assert ran.returncode == 0, ran.stderr
    refused, listed, failed, again, done, cancelled = ran.stdout.splitlines()
    assert refused.startswith("7 maker/model:Q8_0 needs 60.0 MiB more in ")
    assert "are free. Free some space" in refused
    assert listed == "0"
    assert failed.startswith("failed 7 The disk is full: ")
    assert "`termai downloads resume` goes on where it stopped" in failed
    assert again.startswith("7 maker/model:Q8_0 needs ")
    assert done == "done True True"
    assert cancelled == "cancelled True"
