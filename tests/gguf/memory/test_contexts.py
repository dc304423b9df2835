"""Contexts that llama-fit-params cannot be asked for, set up through llama.cpp's own functions.

No weights are loaded (no_alloc). The log of a context tells its sizes to a hundredth of a MiB.
"""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from termai.gguf.memory import LoadOptions, estimate
from tests.gguf.memory.comparing import MIB, header_of, written

CLOSE_MIB = 0.5
CLOSE = 0.08  # of a compute buffer, where layers are many small parts
MODELS = ("llama-3-1-8b", "gemma-3-1b", "qwen3-30b-a3b", "deepseek-v2-lite", "falcon-h1-7b")
SLOTS = LoadOptions(ctx_size=32768, parallel=4)
CONTEXTS = {
    "4 slots, one cache": SLOTS,
    "4 slots, apart": replace(SLOTS, kv_unified=False),
    "4 slots, whole windows": replace(SLOTS, swa_full=True),
    "as llama-server": replace(SLOTS, outputs=4),
    "as llama-server, q8_0": replace(SLOTS, outputs=4, cache_type_k="q8_0", cache_type_v="q8_0"),
    "one answer, large batch": LoadOptions(ctx_size=8192, ubatch_size=2048, outputs=1),
    "small batch": LoadOptions(ctx_size=1000, batch_size=256, ubatch_size=64),
    "batch below micro-batch": LoadOptions(ctx_size=4096, batch_size=128, ubatch_size=512),
}

PROGRAM = """
import json, sys
import llama_cpp as native

log = []
keep = native.llama_log_callback(lambda level, text, _: log.append(text.decode(errors="replace")))
native.llama_log_set(keep, None)
native.llama_backend_init()
model_params = native.llama_model_default_params()
model_params.no_alloc, model_params.load_mode, model_params.use_extra_bufts = True, 0, False
model = native.llama_model_load_from_file(sys.argv[1].encode(), model_params)
assert model
types = {"f16": 1, "q8_0": 8}
for options in json.load(sys.stdin):
    params = native.llama_context_default_params()
    params.n_ctx, params.n_seq_max = options["ctx_size"], options["parallel"]
    params.n_batch, params.n_ubatch = options["batch_size"], options["ubatch_size"]
    params.kv_unified, params.swa_full = options["kv_unified"], options["swa_full"]
    params.n_outputs_max = options["outputs"]
    params.flash_attn_type = 1
    params.type_k, params.type_v = types[options["cache_type_k"]], types[options["cache_type_v"]]
    log.clear()
    context = native.llama_init_from_model(model, params)
    assert context, "".join(log)
    native.llama_free(context)
    print(json.dumps("".join(log)), flush=True)
"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contexts")


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_each_context_is_as_large_as_llama_cpp_says(models: Path, model: str) -> None:
    pytest.importorskip("llama_cpp")
    path = written(models, model)
    logs = _logs(path, list(CONTEXTS.values()))
    for (name, options), log in zip(CONTEXTS.items(), logs, strict=True):
        found = estimate(header_of(path), options)
        what = f"{model}, {name}"
        assert found.kv / MIB == pytest.approx(_told(log, ": size ="), abs=CLOSE_MIB), what
        told = _told(log, "compute buffer size =")
        assert found.compute / MIB == pytest.approx(told, abs=CLOSE_MIB, rel=CLOSE), what
        assert found.output / MIB == pytest.approx(_told(log, "output buffer size ="), abs=0.02)


def _logs(path: Path, contexts: list[LoadOptions]) -> list[str]:
    """Return what llama.cpp logs for each context, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        input=json.dumps([asdict(each) for each in contexts]),
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def _told(log: str, what: str) -> float:
    """Return the MiB that all lines with these words say together."""
    lines = [line for line in log.splitlines() if what in line]
    return sum(float(line.split(what)[1].split()[0]) for line in lines)
