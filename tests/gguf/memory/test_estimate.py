"""The estimate against llama.cpp's own, over the architectures at their real sizes.

Bounds: 3 % of what llama.cpp says, and never more than 64 MiB too low.
"""

from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions, estimate
from termai.gguf.memory.tested import TESTED
from tests.gguf.memory.architectures import ARCHITECTURES
from tests.gguf.memory.comparing import CASES, Compared, compared

PERCENT, TOO_LOW_MIB = 3.0, 64.0
ROUNDING_MIB = 2.0  # each of the tool's numbers is a whole MiB
FEW = ("llama-3-2-1b", "qwen3-30b-a3b", "gemma-3-1b", "deepseek-v2-lite", "codestral-mamba-7b")

OVER: dict[str, tuple[float, str]] = {}
"""Models with a larger error in some case: the percent that are allowed, and why."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory")


def test_what_is_called_certain_is_compared() -> None:
    compared_here = {made().arch for made in ARCHITECTURES.values()}
    assert compared_here == TESTED
    assert len(TESTED) >= 35


def test_an_architecture_that_is_not_known_is_estimated_by_its_tensors() -> None:
    known = ARCHITECTURES["llama-3-2-1b"]()
    other = replace(known, arch="llama9")
    found = estimate(other.header(), LoadOptions(ctx_size=4096))
    assert not found.certain
    expected = estimate(known.header(), LoadOptions(ctx_size=4096))
    assert expected.certain
    assert found.total == expected.total


@pytest.mark.parametrize("case", ["4k", "32k-q8_0", "4k-fa-off"])
@pytest.mark.parametrize("model", FEW)
def test_a_few_are_close_to_what_llama_cpp_says(models: Path, model: str, case: str) -> None:
    found = compared(models, model, case)
    assert found
    _check(found)


@pytest.mark.slow
@pytest.mark.parametrize("model", sorted(ARCHITECTURES))
def test_each_is_close_to_what_llama_cpp_says(models: Path, model: str) -> None:
    found = [each for case in CASES if (each := compared(models, model, case))]
    assert len(found) >= len(CASES) - 2  # a quantized cache is refused for heads of odd sizes
    for each in found:
        _check(each)


def _check(found: Compared) -> None:
    allowed, _ = OVER.get(found.model, (PERCENT, ""))
    what = f"{found.model} {found.case}: {found.estimated:.1f} MiB, told {found.told}"
    assert abs(found.estimated - found.told) <= max(ROUNDING_MIB, found.told * allowed / 100), what
    assert found.short <= TOO_LOW_MIB, what


def test_what_depends_on_the_header_is_computed_once() -> None:
    header = ARCHITECTURES["glm-4-5-air"]().header()
    options = [LoadOptions(ctx_size=4096 + 256 * n, n_gpu_layers=99) for n in range(21)]
    first, *later = (_seconds(header, each) for each in options)
    assert median(later) < first / 3


def _seconds(header: Header, options: LoadOptions) -> float:
    start = perf_counter()
    estimate(header, options)
    return perf_counter() - start
