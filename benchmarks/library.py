"""The library with 500 models: the first look, a second start, a look that finds nothing new."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio, ratio_of_medians, seconds
from tests.gguf.building import TensorSpec, vocabulary, write_sparse

MODELS = 500
LARGE = 50  # of them with a vocabulary of 150,000 tokens, the others with one of 32,000
LAYERS = 36
ROUNDS = 7

_CACHES = {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "LLAMA_CACHE", "OLLAMA_MODELS"}
_CACHES |= {"XDG_CACHE_HOME"}

TIMED = """
import time
started = time.perf_counter()
from termai.models import library
imported = time.perf_counter()
found = library.{call}()
ended = time.perf_counter()
print(ended - {since}, len(found.models))
"""


def run() -> Iterator[Ratio]:
    """Measure each in interpreters of their own, imports included."""
    with temporary_home() as plain:
        env = {k: v for k, v in plain.items() if k not in _CACHES}
        env["HOME"] = env["TERMAI_STATE_DIR"]
        models = Path(env["TERMAI_DATA_DIR"]) / "models"
        for number, (name, tokens) in enumerate([("large", 150_000), ("usual", 32_000)]):
            _write(models, name, tokens, (LARGE, MODELS - LARGE)[number])
        cold = _seconds("refresh", env)
        known = _median("known", env, since="imported")
        again = _median("refresh", env)
        note = f"{MODELS} models, of which {LARGE} have 150,000 tokens; {ROUNDS} rounds"
        yield Ratio("500 models that are known", 1000 * known, 100.0, " ms", note)
        yield _second_start(env)
        yield Ratio("looking again with nothing new / first look", again / cold, 0.25)
        yield Ratio("the first look, for each model", 1000 * cold / MODELS, 25.0, " ms")
        yield Ratio("looking again with nothing new", 1000 * again, 500.0, " ms")


def _second_start(env: dict[str, str]) -> Ratio:
    """Compare an interpreter that shows what is known with one that does nothing."""
    shown = [sys.executable, "-c", TIMED.format(call="known", since="started")]
    nothing = [sys.executable, "-c", "pass"]
    value, note = ratio_of_medians(
        lambda: seconds(lambda: subprocess.run(shown, env=env, capture_output=True, check=True)),
        lambda: seconds(lambda: subprocess.run(nothing, env=env, capture_output=True, check=True)),
        rounds=15,
    )
    return Ratio("a new interpreter knows 500 models / python -c pass", value, 10.0, note=note)


def _write(models: Path, name: str, tokens: int, count: int) -> None:
    """Write a model of full size without data, and copies of its header."""
    metadata = {
        "general.architecture": "qwen3",
        "general.type": "model",
        "general.name": name,
        "general.file_type": 15,
        "qwen3.block_count": LAYERS,
        "qwen3.context_length": 32768,
        "qwen3.embedding_length": 4096,
        **vocabulary(tokens, tokens),
        "tokenizer.chat_template": "{{ messages }}" * 300,
    }
    tensors: list[TensorSpec] = [("token_embd.weight", (4096, tokens // 256 * 256), "Q6_K")]
    for layer in range(LAYERS):
        tensors += [(f"blk.{layer}.ffn_{n}.weight", (4096, 12288), "Q4_K") for n in range(11)]
    first = write_sparse(models / "org" / f"{name}-0" / f"{name}-0-Q4_K_M.gguf", metadata, tensors)
    size = first.stat().st_size
    data = sum(12288 * 4096 // 256 * 144 for _ in tensors[1:])
    with first.open("rb") as stream:
        head = stream.read(size - data - 4096 * (tokens // 256) * 210)
    for number in range(1, count):
        path = models / "org" / f"{name}-{number}" / f"{name}-{number}-Q4_K_M.gguf"
        path.parent.mkdir(parents=True)
        with path.open("wb") as stream:
            stream.write(head)
            stream.truncate(size)


def _median(call: str, env: dict[str, str], since: str = "started") -> float:
    return statistics.median(_seconds(call, env, since) for _ in range(ROUNDS))


def _seconds(call: str, env: dict[str, str], since: str = "started") -> float:
    """Return how long a call takes in a new interpreter, which must find every model.

    Counted from before (``started``) or after (``imported``) the imports.
    """
    argv = [sys.executable, "-c", TIMED.format(call=call, since=since)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    taken, count = done.stdout.split()
    assert int(count) == MODELS + 1, done.stdout
    return float(taken)
