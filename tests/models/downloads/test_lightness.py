"""What a download costs the machine: memory and imports of its process."""

import os
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from termai.jobs import store
from termai.models.downloads import control
from termai.models.downloads.states import Status
from tests.fakes.hub.files import Content
from tests.jobs.helpers import child_pid
from tests.models.downloads.bringing import planned
from tests.models.downloads.hub import OneRepo
from tests.support import wait_until

MIB = 1 << 20
ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_memory_is_bounded_whatever_the_size(
    hub: OneRepo, noise: random.Random, tmp_path: Path
) -> None:
    """Also while pieces that came early wait for their turn."""
    large = tmp_path / "large"
    with large.open("wb") as stream:
        for _ in range(300):
            stream.write(noise.randbytes(MIB))
    hub.files.rate = 40.0 * MIB
    download = control.add_plan(planned(hub, hub.add("m.gguf", Content(path=large))))
    most = 0

    def ended() -> bool:
        nonlocal most
        try:
            process = psutil.Process(child_pid(store.list_jobs(control.KIND)[0]))
            most = max(most, process.memory_info().rss)
        except (psutil.Error, AssertionError):
            pass
        return not control.get(download.id).status.active

    wait_until(ended, timeout=60, what="the end")
    assert control.get(download.id).status is Status.DONE
    assert 10 * MIB < most < 120 * MIB
    assert len(hub.files.asked) > 6, "several connections were used"
    print(f"{most / MIB:.0f} MiB at most")


def test_a_waiting_download_imports_no_http_client() -> None:
    source = (
        "import sys, termai.models.downloads.worker;"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found = set(done.stdout.split())
    assert "msgspec" in found
    assert not found & {"httpx2", "huggingface_hub", "textual", "rich", "numpy", "psutil", "click"}
