"""What a real llama-server allocates for the smoke model, against the estimate."""

import re
import subprocess
from threading import Timer

import pytest

from termai.gguf.header import read_header
from termai.gguf.memory import LoadOptions, estimate
from termai.models.smoke import model_path
from tests.gguf.memory.comparing import MIB
from tests.support import free_port, native_bin

START_S = 60
CLOSE_MIB = 0.02
_BUFFER = re.compile(r"(model|KV|output|compute) buffer size = +([\d.]+) MiB")

SERVERS = {
    "four slots in one cache": (["-c", "4096"], LoadOptions(ctx_size=4096, parallel=4, outputs=4)),
    "two slots apart": (
        ["-c", "4096", "-np", "2", "-no-kvu"],
        LoadOptions(ctx_size=4096, parallel=2, outputs=2, kv_unified=False),
    ),
    "quantized, small batch": (
        ["-c", "2048", "-ub", "128", "-ctk", "q8_0", "-ctv", "q8_0", "-fa", "on"],
        LoadOptions(2048, 0, "q8_0", "q8_0", ubatch_size=128, parallel=4, outputs=4),
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_buffers_are_as_large_as_estimated(name: str) -> None:
    arguments, options = SERVERS[name]
    log = _log(arguments)
    told = dict.fromkeys(("model", "KV", "output", "compute"), 0.0)
    for what, size in _BUFFER.findall(log):
        told[what] += float(size)
    found = estimate(read_header(model_path()), options).devices[0]
    ours = (found.weights, found.kv, found.output, found.compute)
    assert [size / MIB for size in ours] == pytest.approx(list(told.values()), abs=CLOSE_MIB), log


def _log(arguments: list[str]) -> str:
    """Return what a server writes until it is ready."""
    command = [str(native_bin("llama-server")), "-m", str(model_path()), "--no-repack", "-lv", "4"]
    server = subprocess.Popen(
        [*command, "--port", str(free_port()), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    )  # fmt: skip
    timer = Timer(START_S, server.kill)
    timer.start()
    lines: list[str] = []
    try:
        assert server.stdout
        for line in server.stdout:
            lines.append(line)
            if "all slots are idle" in line:
                break
    finally:
        timer.cancel()
        server.kill()
        server.communicate(timeout=START_S)
    return "".join(lines)
