"""What a build contains: from the line it logs, and from the programs that are here."""

import pytest

from termai.engines import build_facts
from termai.engines.base import Detection
from termai.engines.embedded import LlamaCppPython

CPU_ONLY = (
    "0.00.009.209 I cmn  common_param: system_info: n_threads = 2 (n_threads_batch = 2) / 2 | "
    "CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | AVX512 = 0 | F16C = 1 | LLAMAFILE = 1 | OPENMP = 1 | "
    "REPACK = 1 | "
)
WITH_CUDA = (
    "system_info: n_threads = 16 (n_threads_batch = 16) / 32 | CUDA : ARCHS = 500,610,890 | "
    "USE_GRAPHS = 1 | PEER_MAX_BATCH_SIZE = 128 | CPU : SSE3 = 1 | AVX2 = 1 | "
)
OF_2024 = "system_info: n_threads = 8 / 16 | AVX = 1 | AVX_VNNI = 0 | AVX2 = 1 | NEON = 0 | "


def test_the_features_of_the_cpu_without_what_is_none() -> None:
    facts = build_facts.parse(f"starting\n{CPU_ONLY}\nending")
    assert facts.cpu == ("SSE3", "AVX", "AVX2", "F16C")
    assert (facts.interfaces, facts.architectures, facts.known) == ((), (), True)


def test_the_interface_and_what_its_code_was_compiled_for() -> None:
    facts = build_facts.parse(WITH_CUDA)
    assert facts.interfaces == ("CUDA",)
    assert facts.architectures == ("500", "610", "890")
    assert facts.cpu == ("SSE3", "AVX2")


def test_builds_that_named_no_backend() -> None:
    assert build_facts.parse(OF_2024).cpu == ("AVX", "AVX2")


@pytest.mark.parametrize("text", ["", "no such line", "a | b = | c : = 1 |", " = 1 | " * 5000])
def test_other_text_says_nothing(text: str) -> None:
    facts = build_facts.parse(text)
    assert (facts.cpu, facts.interfaces, facts.architectures) == ((), (), ())


def test_the_native_server_beside_termai(native: Detection) -> None:
    facts = build_facts.of(native)
    assert facts.known
    assert facts.rpc == ("--rpc" in native.options)
    embedded = build_facts.of(LlamaCppPython().detect())
    assert embedded.known
    assert facts.cpu == embedded.cpu
    assert not embedded.rpc
