"""The memory estimate against llama-fit-params over the architectures, and what a call costs."""

import statistics
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Ratio, seconds
from termai.gguf.memory import LoadOptions, estimate
from tests.gguf.memory.architectures import ARCHITECTURES
from tests.gguf.memory.comparing import CASES, Table, compared

CALLS = 50
CALL_MS = 2.0
LARGE_MIXTURE = "glm-4-5-air"


def run() -> Iterator[Ratio]:
    """Print a line for each architecture, then the worst of all and the time of a call."""
    with tempfile.TemporaryDirectory(prefix="termai-bench-") as directory:
        tables = [_table(Path(directory), model) for model in ARCHITECTURES]
    print(f"{'model':24}{'median':>9}{'worst':>9}  {'in':14}{'lowest':>10}  in")
    for table in tables:
        print(_line(table), flush=True)
    every = [each for table in tables for each in table.compared]
    worst, lowest = max(every, key=lambda e: e.error), max(every, key=lambda e: e.short)
    median = statistics.median(each.error for each in every)
    note = f"{len(every)} cases of {len(tables)} models"
    yield Ratio("memory estimate: median error", median, 1.0, "%", note)
    note = f"{worst.model} {worst.case}"
    yield Ratio("memory estimate: worst error", worst.error, 3.0, "%", note)
    note = f"{lowest.model} {lowest.case}"
    yield Ratio("memory estimate: the most too low", lowest.short, 64.0, " MiB", note)
    yield Ratio("memory estimate: a call", _call_ms(), CALL_MS, " ms", LARGE_MIXTURE)


def _table(directory: Path, model: str) -> Table:
    found = [each for case in CASES if (each := compared(directory, model, case))]
    return Table(model, found)


def _line(table: Table) -> str:
    median = statistics.median(each.error for each in table.compared)
    worst, lowest = table.worst, table.lowest
    return (
        f"{table.model:24}{median:8.2f}%{worst.error:8.2f}%  {worst.case:14}"
        f"{-lowest.short:6.0f} MiB  {lowest.case}"
    )


def _call_ms() -> float:
    """Return the median time of a call for a mixture of experts, each with another context."""
    header = ARCHITECTURES[LARGE_MIXTURE]().header()
    estimate(header, LoadOptions())
    several = [LoadOptions(ctx_size=4096 + 1024 * n, n_gpu_layers=99) for n in range(CALLS)]
    return 1000 * statistics.median(seconds(partial(estimate, header, each)) for each in several)
