"""The table of quantizations agrees with what llama.cpp's own program computes."""

import re
import subprocess
from pathlib import Path

import pytest
from gguf import LlamaFileType

from termai.gguf.facts import facts
from termai.gguf.header import parse_header
from termai.gguf.quantization import (
    BASE_PERPLEXITY,
    QUANTIZATIONS,
    Precision,
    by_file_type,
    named,
)
from termai.gguf.tensor_types import TENSOR_TYPES, type_named
from tests.gguf.building import build
from tests.gguf.shapes import SHAPES
from tests.support import native_bin

# Models of their own: a dense model makes no MXFP4, and llama-quantize makes no NVFP4.
OF_THEIR_OWN = ("MXFP4_MOE", "NVFP4")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a file in F16 for each of SHAPES, its data a hole."""
    directory = tmp_path_factory.mktemp("models")
    return {name: shape.write(directory / f"{name}.gguf") for name, shape in SHAPES.items()}


def _dry_run(path: Path, name: str) -> str:
    """Return what llama-quantize says that it would do."""
    command = [str(native_bin("llama-quantize")), "--dry-run", str(path), name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(QUANTIZATIONS.keys() - OF_THEIR_OWN))
def test_bits_per_weight_are_those_of_llama_quantize(models: dict[str, Path], name: str) -> None:
    said = _dry_run(models["llama-3.1-8b"], name)
    found = re.search(r"quant size\s*=\s*([\d.]+) MiB", said)
    assert found, said
    bits = 8 * float(found[1]) * (1 << 20) / SHAPES["llama-3.1-8b"].parameters
    assert QUANTIZATIONS[name].bits_per_weight == pytest.approx(bits, abs=6e-4)


# Rows of 576 are no multiple of 128, and llama-quantize knows no way out for Q1_0.
MADE = [
    (shape, name)
    for shape in SHAPES
    for name in sorted(QUANTIZATIONS.keys() - {"NVFP4"})
    if (shape, name) != ("smollm2-135m", "Q1_0")
]


@pytest.mark.parametrize(("shape", "name"), MADE)
def test_what_llama_quantize_makes_has_its_name(
    models: dict[str, Path], shape: str, name: str
) -> None:
    said = _dry_run(models[shape], name)
    made = dict(re.findall(r"\]\s+(\S+)\s.*-> .*\((\w+)\)$", said, re.MULTILINE))
    assert made or name == "F16"
    tensors = [(t, rows, made.get(t, kind)) for t, rows, kind in SHAPES[shape].tensors()]
    numbers = [n for n in range(1024) if by_file_type(n) is QUANTIZATIONS[name]]
    metadata = SHAPES[shape].metadata() | {"general.file_type": numbers[0]}
    found = facts(parse_header(build(metadata, tensors)))
    dense_in_mxfp4 = name == "MXFP4_MOE" and not SHAPES[shape].experts
    assert found.quantization == ("Q8_0" if dense_in_mxfp4 else name)


@pytest.mark.parametrize("name", OF_THEIR_OWN)
def test_others_have_the_bits_of_their_type(name: str) -> None:
    (tensors,) = QUANTIZATIONS[name].tensors
    assert QUANTIZATIONS[name].bits_per_weight == type_named(tensors).bits_per_weight


def test_every_file_type_of_gguf_is_known() -> None:
    numbers = {int(file_type) for file_type in LlamaFileType} - {int(LlamaFileType.GUESSED)}
    known = {number: by_file_type(number) for number in numbers}
    assert all(known.values())
    for number, found in known.items():
        if found is not None:
            said = LlamaFileType(number).name.removeprefix("MOSTLY_").removeprefix("ALL_")
            assert found is QUANTIZATIONS[said]
            assert by_file_type(number | 1024) is found
    assert {q.name for q in known.values() if q} | {"Q2_0"} == set(QUANTIZATIONS)


@pytest.mark.parametrize("number", [-1, 4, 33, 999, 1 << 40])
def test_unknown_file_types(number: int) -> None:
    assert by_file_type(number) is None


def test_types_of_tensors_exist() -> None:
    names = {kind.name for kind in TENSOR_TYPES.values()}
    for quantization in QUANTIZATIONS.values():
        assert quantization.tensors
        assert set(quantization.tensors) <= names
        assert quantization.purpose


def test_each_cost_has_its_source() -> None:
    for quantization in QUANTIZATIONS.values():
        said = (quantization.perplexity, quantization.kl_divergence)
        assert (None in said) == (not quantization.cost) == (not quantization.source)
    assert QUANTIZATIONS["Q4_K_M"].cost == "perplexity +2.8 % on Llama 3 8B"
    assert QUANTIZATIONS["Q8_0"].cost == "perplexity +0.04 % on Llama 3 8B"
    assert QUANTIZATIONS["IQ1_S"].cost.startswith("perplexity +874 % on Llama 3 8B with an imp")
    assert pytest.approx(6.2316, abs=1e-4) == BASE_PERPLEXITY


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("Q1_0", Precision.ULTRA_LOW),
        ("TQ2_0", Precision.ULTRA_LOW),
        ("IQ2_XXS", Precision.ULTRA_LOW),
        ("Q2_K", Precision.ULTRA_LOW),
        ("IQ3_XXS", Precision.LOW),
        ("Q4_K_M", Precision.LOW),
        ("MXFP4_MOE", Precision.LOW),
        ("NVFP4", Precision.LOW),
        ("Q5_K_S", Precision.MEDIUM),
        ("Q8_0", Precision.MEDIUM),
        ("BF16", Precision.FULL),
        ("F32", Precision.FULL),
        ("UD-Q4_K_XL", Precision.LOW),
        ("UD-IQ2_M", Precision.ULTRA_LOW),
        ("Q8_K_XL", Precision.MEDIUM),
    ],
)
def test_precision_classes(name: str, precision: Precision) -> None:
    found = named(name)
    assert found is not None
    assert found.precision is precision


@pytest.mark.parametrize(
    ("name", "expected"),
    [("q4_k_m", "Q4_K_M"), ("Q4_K", "Q4_K_M"), ("mxfp4", "MXFP4_MOE"), ("fp16", "F16")],
)
def test_names_in_any_case_and_aliases(name: str, expected: str) -> None:
    assert named(name) is QUANTIZATIONS[expected]


@pytest.mark.parametrize("name", ["UD-Q4_K_XL", "Q6_K_L", "Q2_K_XXL", "UD-TQ1_0", "ud-iq1_s"])
def test_publishers_mixes_have_no_figures(name: str) -> None:
    found = named(name)
    assert found is not None
    assert found.name == name.upper()
    assert "mix" in found.purpose
    assert found.bits_per_weight is found.perplexity is None
    assert not found.cost


@pytest.mark.parametrize("name", ["", "UD-", "Q4", "IQ4_K", "Q4_0_4_4", "GPTQ", "XL", "UD-UD-Q4_0"])
def test_other_names_are_unknown(name: str) -> None:
    assert named(name) is None
