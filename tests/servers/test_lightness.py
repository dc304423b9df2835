"""`termai ps` starts in a few milliseconds: what it imports stays light."""

import json
import os
import subprocess
import sys
from pathlib import Path

from termai.jobs.states import JobStatus
from tests.servers.samples import LOGS, make_job

HEAVY = {
    *("dataclasses", "inspect", "click", "msgspec", "psutil", "tempfile", "shutil", "subprocess"),
    *("socket", "logging", "datetime", "argparse", "tomllib", "textual", "httpx2", "numpy"),
    *("huggingface_hub", "pydantic", "asyncio", "http.client", "urllib.request", "email"),
}
PROGRAM = """
import json, sys
from termai.servers import registry
listed = registry.list_servers()
print(json.dumps([sorted(sys.modules), [s.as_json()["state"] for s in listed]]))
"""


def test_listing_servers_imports_nothing_heavy() -> None:
    """Also when there are servers to read facts of."""
    from termai.jobs.records import write_spec, write_state

    job = make_job(Path(os.environ["TERMAI_STATE_DIR"]) / "jobs" / "20260101-000000-aaaaaaaa")
    write_spec(job.directory, job.spec)
    write_state(job.directory, job.state._replace(status=JobStatus.EXITED))
    job.log_path.write_bytes((LOGS / "native-ready.log").read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    modules, states = json.loads(done.stdout)
    assert states == ["stopped"]
    assert not HEAVY & set(modules)
