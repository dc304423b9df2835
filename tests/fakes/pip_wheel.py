"""``python -m pip wheel`` of llama-cpp-python 0.3.36, as pip 25.1 and ninja wrote it here.

Writes the recorded output (tests/fakes/recorded/pip-wheel-llama-cpp.log, cut to a few steps) and
puts the wheel at ``FAKE_WHEEL`` into --wheel-dir. With ``FAKE_GATE`` it stops after the middle
step until that file is there. With ``FAKE_FAILURE`` it writes that text instead of the rest and
ends with code 1, as pip does.
"""

import os
import shutil
import sys
import time
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded" / "pip-wheel-llama-cpp.log"
MIDDLE = "[137/274]"


def main(arguments: list[str]) -> int:
    """Write what a build writes, and leave a wheel."""
    assert arguments[:3] == ["-m", "pip", "wheel"], arguments
    assert "-DLLAMA_BUILD_SERVER=ON" in os.environ["CMAKE_ARGS"]
    assert int(os.environ["CMAKE_BUILD_PARALLEL_LEVEL"]) >= 1
    assert Path(os.environ["TMPDIR"]).is_dir()
    for line in RECORDED.read_text().splitlines():
        print(line, flush=True)
        if MIDDLE not in line:
            continue
        if failure := os.environ.get("FAKE_FAILURE"):
            print(failure, flush=True)
            return 1
        while (gate := os.environ.get("FAKE_GATE")) and not Path(gate).exists():
            time.sleep(0.02)
    into = Path(arguments[arguments.index("--wheel-dir") + 1])
    into.mkdir()
    shutil.copy(os.environ["FAKE_WHEEL"], into)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
