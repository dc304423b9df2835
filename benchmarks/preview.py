"""A preview of a profile at every keystroke: against one memory estimate, and against 50 ms.

Each keystroke changes a value that the memory depends on to one that was not asked for before:
what a person does who types a context, tries cache types and moves layers. The machines are those
on which most must be searched for: a model that fits only partly, and several GPUs. Times are
those of the processor, which is all that a preview waits for.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import Ratio
from termai.engines.base import Detection
from termai.engines.llama_server import LlamaServer
from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions, estimate
from termai.gguf.splits import read_model
from termai.profiles.profile import Profile
from termai.servers.preview import Previewer
from tests.models.fit.headers import machine, write_dense, write_mixture

KEYSTROKE_MS = 50.0
WARM_MS = 10.0
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A model on a machine with GPUs of these GiB, and how many estimates a preview may cost."""

    name: str
    model: Path
    gpus: tuple[float, ...]
    limit: float


def run() -> Iterator[Ratio]:
    """Time keystrokes in places where little, and where much, must be searched for."""
    detection = LlamaServer().detect()
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        dense = write_dense(Path(directory) / "dense.gguf")
        mixture = write_mixture(Path(directory) / "mixture.gguf")
        places = (
            Place("8B in RAM", dense, (), 8),
            Place("8B on a card of 24 GiB", dense, (24,), 8),
            Place("8B partly on a card of 6 GiB", dense, (6,), 20),
            Place("30B mixture partly on a card of 8 GiB", mixture, (8,), 20),
            Place("30B mixture on two cards of 8 GiB", mixture, (8, 8), 60),
        )
        one = _estimate_s(read_model(dense))
        times = [(place, _keystrokes(place, detection)) for place in places]
    for place, found in times:
        note = f"{place.name}, median {1000 * statistics.median(found):.1f} ms"
        middle = statistics.median(found) / one
        yield Ratio("preview: against one memory estimate", middle, place.limit, "x", note)
    every = [each for _, found in times for each in found]
    note = f"{len(every)} keystrokes"
    middle, slow = statistics.median(every), statistics.quantiles(every, n=20)[-1]
    yield Ratio("preview: the median keystroke of 10 ms", 1000 * middle / WARM_MS, 1.0, "x", note)
    yield Ratio("preview: 19 of 20 keystrokes of 50 ms", 1000 * slow / KEYSTROKE_MS, 1.0, "x", note)


def _seconds(action: Callable[[], object]) -> float:
    """Return the processor's time of one call in seconds."""
    start = time.thread_time()
    action()
    return time.thread_time() - start


def _keystrokes(place: Place, detection: Detection) -> list[float]:
    """Return the seconds of each preview after the first one."""
    names = tuple(f"CUDA{number}" for number in range(len(place.gpus)))
    previewer = Previewer(replace(detection, devices=names), machine(*place.gpus))
    base = Profile("bench").with_values(path=str(place.model), ctx_size=4096)
    previewer.preview(base)
    return [
        _seconds(partial(previewer.preview, base.with_values(**values)))
        for number in range(ROUNDS)
        for values in _typed(number)
    ]


def _typed(number: int) -> Iterator[dict[str, Any]]:
    """Yield values that nobody asked for before."""
    context = str(13_579 + 1234 * number)
    for end in range(2, len(context) + 1):
        yield {"ctx_size": int(context[:end])}
    size = int(context) + 512
    for kind in ("q8_0", "q4_0"):
        yield {"ctx_size": size, "cache_type_k": kind, "cache_type_v": kind}
    yield {"ctx_size": size, "ubatch_size": 256 + 16 * number}
    yield {"ctx_size": size, "parallel": 2 + number}
    yield {"ctx_size": size, "n_gpu_layers": 7 + number}
    yield {"ctx_size": size, "temperature": 0.1 * number}


def _estimate_s(header: Header) -> float:
    """Return the median seconds of an estimate, each with another context."""
    estimate(header, LoadOptions())
    several = [LoadOptions(ctx_size=4096 + 1024 * n, n_gpu_layers=99) for n in range(50)]
    return statistics.median(_seconds(partial(estimate, header, each)) for each in several)
