"""Which device holds what, against llama-fit-params with two further devices.

ggml-rpc-server gives llama.cpp devices without a GPU in this machine: layers, their caches and
their compute buffers go there as they would go to GPUs, except that such a device never works
through layers that are in RAM (op_offload).
"""

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from termai.gguf.memory import LoadOptions, estimate
from tests.gguf.memory.comparing import MIB, Row, header_of, told, written
from tests.support import free_port, native_bin

MODELS = ("llama-3-1-8b", "gemma-3-12b", "qwen3-30b-a3b", "granite-4-tiny", "deepseek-v2-lite")
WEIGHTS_MIB = 2.0
CACHE_MIB = 2.0
PERCENT, LARGER, TOO_LOW_MIB = 3.0, 3.5, 64.0
START_S = 20

LOWER: dict[tuple[str, str], tuple[float, str]] = {
    ("granite-4-tiny", "cache in RAM"): (
        160.0,
        "states in RAM go to and fro within each layer of state spaces, which leaves gaps",
    ),
}
"""MiB that a device may be too low where it is more than elsewhere, and why."""

SPLITS = {
    "all, 1:1": LoadOptions(ctx_size=8192, n_gpu_layers=999, tensor_split=(1, 1)),
    "all, 1:3": LoadOptions(ctx_size=8192, n_gpu_layers=999, tensor_split=(1, 3)),
    "20, 2:1": LoadOptions(ctx_size=8192, n_gpu_layers=20, tensor_split=(2, 1)),
    "all, 0.3:0.7, 32k": LoadOptions(ctx_size=32768, n_gpu_layers=999, tensor_split=(0.3, 0.7)),
    "1, 1:1": LoadOptions(ctx_size=4096, n_gpu_layers=1, tensor_split=(1, 1)),
    "one device, 10": LoadOptions(ctx_size=4096, n_gpu_layers=10),
    "one device, all": LoadOptions(ctx_size=4096, n_gpu_layers=999),
    "experts in RAM": LoadOptions(ctx_size=8192, n_gpu_layers=999, n_cpu_moe=10),
    "experts in RAM, 1:1": LoadOptions(
        ctx_size=8192, n_gpu_layers=999, n_cpu_moe=5, tensor_split=(1, 1)
    ),
    "cache in RAM": LoadOptions(ctx_size=32768, n_gpu_layers=999, no_kv_offload=True),
}


@contextmanager
def _device() -> Iterator[str]:
    """Run a server that is a device, and give its address."""
    address = f"127.0.0.1:{free_port()}"
    program = native_bin("ggml-rpc-server")
    host, port = address.split(":")
    server = subprocess.Popen(
        [str(program), "-H", host, "-p", port], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield address
    finally:
        server.kill()
        server.communicate(timeout=START_S)


@pytest.fixture(scope="module")
def devices() -> Iterator[list[str]]:
    if not native_bin("llama-fit-params").with_name("ggml-rpc-server").exists():
        pytest.skip("llama.cpp was built without GGML_RPC")
    with ExitStack() as stack:
        yield [stack.enter_context(_device()) for _ in range(2)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("devices")


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("model", MODELS)
def test_each_device_holds_what_llama_cpp_says(
    models: Path, devices: list[str], model: str, split: str
) -> None:
    options = replace(SPLITS[split], kv_unified=False, op_offload=False)
    path = written(models, model)
    rows = _rows(path, options, devices[: max(1, len(options.tensor_split))])
    found = estimate(header_of(path), options).devices
    assert [row.device for row in rows] == [f"RPC{n}" for n in range(len(rows) - 1)] + ["Host"]
    for row, one in zip([rows[-1], *rows[:-1]], found, strict=True):
        what = f"{model} {split} {one.device}: {row} {one}"
        assert abs(one.weights / MIB - row.weights) <= WEIGHTS_MIB, what
        assert abs(one.kv / MIB - row.context) <= CACHE_MIB, what
        off = (one.weights + one.kv + one.compute) / MIB - row.total
        allowed, _ = LOWER.get((model, split), (TOO_LOW_MIB, ""))
        assert off >= -allowed, what
    total = sum(row.total for row in rows)
    ours = sum(one.weights + one.kv + one.compute for one in found) / MIB
    percent = LARGER if (model, split) in LOWER else PERCENT
    assert abs(ours - total) <= total * percent / 100, f"{ours} {rows}"


def _rows(path: Path, options: LoadOptions, devices: list[str]) -> list[Row]:
    more = ["--rpc", ",".join(devices), "-ngl", str(options.n_gpu_layers)]
    if options.tensor_split:
        more += ["-ts", ",".join(f"{share:g}" for share in options.tensor_split)]
    rows = told(path, options, *more)
    assert len(rows) == len(devices) + 1
    assert re.fullmatch("RPC0", rows[0].device)
    return rows
