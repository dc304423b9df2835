"""Downloads: `termai pull`, which hashes and flushes, against `hf download`, which does not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio, ratio_of_medians, seconds
from benchmarks.startup import TERMAI
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import serving_hub

REPO, NAME = "maker/Large-GGUF", "large-Q8_0.gguf"
SIZE = 1 << 30
ROUNDS = 7
LIMITED, LIMIT, LIMITED_ROUNDS = 500 << 20, 60e6, 3  # bytes, bytes per second of a connection
HF = str(Path(sys.executable).parent / "hf")


def run() -> Iterator[Ratio]:
    """Fetch a file from a hub on loopback, by turns with both programs.

    Once as fast as the machine can, once from a store that limits each connection.
    """
    value, note = _compared(SIZE, 0.0, ROUNDS)
    yield Ratio("termai pull / hf download, 1 GiB", value, 1.1, note=note)
    value, note = _compared(LIMITED, LIMIT, LIMITED_ROUNDS)
    yield Ratio("the same, 60 MB/s a connection, 500 MiB", value, 1.1, note=note)


def _compared(size: int, rate: float, rounds: int) -> tuple[float, str]:
    with temporary_home() as env, serving_hub() as hub:
        home = Path(env["TERMAI_DATA_DIR"]).parent
        source = home / "source"
        with source.open("wb") as stream:
            stream.truncate(size)
        hub.add(REPO, {NAME: Content(path=source)})
        hub.files.rate = rate
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            env.pop(name, None)
            env.pop(name.lower(), None)
        env |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "NO_COLOR": "1"}
        target = home / "theirs"
        ours = [TERMAI, "pull", REPO, "--file", NAME, "--wait"]
        theirs = [HF, "download", REPO, NAME, "--local-dir", str(target)]
        return ratio_of_medians(
            lambda: _fetched(ours, size, Path(env["TERMAI_DATA_DIR"]) / "models", env),
            lambda: _fetched(theirs, size, target, env),
            rounds=rounds,
        )


def _fetched(argv: list[str], size: int, directory: Path, env: dict[str, str]) -> float:
    """Return the seconds that a download into an empty directory takes, and empty it again."""
    took = seconds(lambda: subprocess.run(argv, env=env, capture_output=True, check=True))
    found = [path for path in directory.rglob(NAME) if path.is_file()]
    assert [path.stat().st_size for path in found] == [size], found
    shutil.rmtree(directory)
    os.sync()
    return took
