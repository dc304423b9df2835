"""Downloads: `termai pull`, which hashes and flushes, against `hf download`, which does not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio, ratio_of_medians, seconds
from benchmarks.startup import TERMAI
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import serving_hub

REPO, NAME = "maker/Large-GGUF", "large-Q8_0.gguf"
SIZE = 1 << 30
ROUNDS = 7
HF = str(Path(sys.executable).parent / "hf")


def run() -> Iterator[Ratio]:
    """Fetch one file of 1 GiB from a hub on loopback, by turns with both programs."""
    with temporary_home() as env, serving_hub() as hub:
        home = Path(env["TERMAI_DATA_DIR"]).parent
        source = home / "source"
        with source.open("wb") as stream:
            stream.truncate(SIZE)
        hub.add(REPO, {NAME: Content(path=source)})
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            env.pop(name, None)
            env.pop(name.lower(), None)
        env |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "NO_COLOR": "1"}
        ours = [TERMAI, "pull", REPO, "--file", NAME, "--wait"]
        target = home / "theirs"
        theirs = [HF, "download", REPO, NAME, "--local-dir", str(target)]
        value, note = ratio_of_medians(
            lambda: _fetched(ours, Path(env["TERMAI_DATA_DIR"]) / "models", env),
            lambda: _fetched(theirs, target, env),
            rounds=ROUNDS,
        )
        yield Ratio("termai pull / hf download, 1 GiB", value, 1.0, note=note)


def _fetched(argv: list[str], directory: Path, env: dict[str, str]) -> float:
    """Return the seconds that a download into an empty directory takes, and empty it again."""
    took = seconds(lambda: subprocess.run(argv, env=env, capture_output=True, check=True))
    found = [path for path in directory.rglob(NAME) if path.is_file()]
    assert [path.stat().st_size for path in found] == [SIZE], found
    shutil.rmtree(directory)
    with suppress(OSError):
        os.sync()
    return took
