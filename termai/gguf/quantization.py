"""The quantizations of llama.cpp: how many bits they really take, what for, at what cost.

Names and numbers: enum llama_ftype in include/llama.h. Bits per weight: ``llama-quantize
--dry-run`` on Llama 3.1 8B, embeddings and output included; they differ a little from model to
model, so sizes are to be taken from tensors. Costs: the scoreboard that ``_SCOREBOARD`` names.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from termai.gguf.tensor_types import TensorType

GUESSED = 1024
BASE_PERPLEXITY = 6.2316  # the scoreboard's PPL less its ΔPPL, the same in every row

_SCOREBOARD = "llama.cpp tools/perplexity/README.md, LLaMA 3 8b Scoreboard (Wikitext-2)"
_SIZE = re.compile(r"_X{0,3}[SML]$")
_ALIASES = MappingProxyType(
    {
        "Q3_K": "Q3_K_M",
        "Q4_K": "Q4_K_M",
        "Q5_K": "Q5_K_M",
        "MXFP4": "MXFP4_MOE",
        "FP16": "F16",
        "FP32": "F32",
    }
)


class Precision(StrEnum):
    """How coarse the weights are: 1 to 2 bits, 3 to 4, 5 to 8, or 16 and 32."""

    ULTRA_LOW = "ultra-low"
    LOW = "low"
    MEDIUM = "medium"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Quantization:
    """A way to quantize a whole model.

    ``bits_per_weight`` is that of a whole model, of the tensor type for MXFP4 and NVFP4, whose
    models differ, and None for mixes that a publisher makes anew for each model. ``cost`` says by
    how much perplexity grows; ``perplexity`` has that as a number and ``kl_divergence`` the
    distance from the unquantized model. They are empty and None where llama.cpp has no figure for
    it. ``source`` is where the figures come from. ``tensors`` are the types of most weights.
    """

    name: str
    bits_per_weight: float | None
    precision: Precision
    purpose: str
    tensors: tuple[str, ...] = ()
    perplexity: float | None = None
    kl_divergence: float | None = None
    cost: str = ""
    source: str = ""


def named(name: str) -> Quantization | None:
    """Return the quantization of that name in any case, None for one that is unknown.

    Takes the mixes that publishers make, such as UD-Q4_K_XL (Unsloth) or Q6_K_L, which have no
    figures of their own.
    """
    wanted = name.strip().upper()
    plain = _ALIASES.get(wanted, wanted)
    if plain in QUANTIZATIONS:
        return QUANTIZATIONS[plain]
    inner = wanted.removeprefix("UD-")
    base = inner if inner in QUANTIZATIONS else _SIZE.sub("", inner)
    if base not in QUANTIZATIONS and base not in _ALIASES and base != "Q8_K":
        return None
    who = "Unsloth's" if wanted.startswith("UD-") else "a publisher's"
    return Quantization(wanted, None, _precision(base), f"{who} own mix of types around {base}")


def by_file_type(number: int) -> Quantization | None:
    """Return the quantization that ``general.file_type`` means, None for an unknown number."""
    name = _FILE_TYPES.get(number & ~GUESSED)
    return QUANTIZATIONS[name] if name else None


def precision_of(kind: TensorType) -> Precision:
    """Return the class of a single tensor's type."""
    return _precision(kind.name)


def _precision(name: str) -> Precision:
    """Return the class by the first number in a name: that of IQ2_XS is 2."""
    found = re.search(r"\d+", name)
    bits = int(found[0]) if found else 16
    if bits <= 2:
        return Precision.ULTRA_LOW
    if bits <= 4:
        return Precision.LOW
    return Precision.MEDIUM if bits <= 8 else Precision.FULL


def _row(
    name: str,
    bits: float,
    purpose: str,
    figures: tuple[float, float] | None = None,
    *,
    tensors: tuple[str, ...] = (),
    matrix: bool = False,
) -> Quantization:
    """Return an entry of the table; ``figures`` are ΔPPL and KLD, with ``matrix`` or without."""
    types = tensors or (_SIZE.sub("", name) if name.startswith("Q") else name,)
    precision = _precision(name)
    if figures is None:
        return Quantization(name, bits, precision, purpose, types)
    growth, divergence = figures
    percent = 100 * growth / BASE_PERPLEXITY
    digits = 0 if percent >= 10 else 1 if percent >= 0.1 else 2
    cost = f"perplexity +{percent:.{digits}f} % on Llama 3 8B"
    cost += " with an importance matrix" if matrix else ""
    return Quantization(
        name, bits, precision, purpose, types, growth, divergence, cost, _SCOREBOARD
    )


_TABLE = (
    _row("Q1_0", 1.482, "only for models trained with 1-bit weights (Bonsai)"),
    _row("TQ1_0", 2.191, "only for models trained with ternary weights (BitNet, TriLM)"),
    _row("TQ2_0", 2.517, "as TQ1_0, larger and faster"),
    _row("Q2_0", 2.68, "only for models trained with ternary weights (Ternary Bonsai)"),
    _row("IQ1_S", 2.004, "the last resort: hardly coherent", (54.462959, 2.254554), matrix=True),
    _row("IQ1_M", 2.146, "a last resort for very large models", (19.262089, 1.393084), matrix=True),
    _row(
        "IQ2_XXS",
        2.382,
        "very large models that fit no other way",
        (7.860148, 0.812022),
        matrix=True,
    ),
    _row(
        "IQ2_XS", 2.588, "very large models that fit no other way", (4.529791, 0.54629), matrix=True
    ),
    _row(
        "IQ2_S",
        2.74,
        "large models in little memory",
        (3.419148, 0.439197),
        tensors=("IQ2_XS",),
        matrix=True,
    ),
    _row(
        "IQ2_M",
        2.929,
        "the best of the 2-bit ones for its size",
        (2.369166, 0.325989),
        tensors=("IQ2_S",),
        matrix=True,
    ),
    _row(
        "Q2_K_S",
        2.97,
        "2-bit for CPUs, which are slow with IQ types",
        (3.092145, 0.40336),
        matrix=True,
    ),
    _row(
        "Q2_K", 3.159, "2-bit for CPUs; IQ2_M is smaller and better on a GPU", (3.519934, 0.445132)
    ),
    _row(
        "IQ3_XXS",
        3.374,
        "the least that still answers well, large models",
        (1.226803, 0.183625),
        matrix=True,
    ),
    _row(
        "IQ3_XS",
        3.498,
        "a little better than IQ3_XXS",
        (0.931409, 0.138693),
        tensors=("IQ3_XXS", "IQ3_S"),
        matrix=True,
    ),
    _row("Q3_K_S", 3.643, "3-bit for CPUs; IQ3_S is better at this size", (1.632152, 0.228217)),
    _row("IQ3_S", 3.661, "better than Q3_K_S at its size", (0.733867, 0.111278), matrix=True),
    _row(
        "IQ3_M",
        3.763,
        "as good as Q3_K_M and smaller",
        (0.666694, 0.102534),
        tensors=("IQ3_S",),
        matrix=True,
    ),
    _row("Q3_K_M", 3.996, "when Q4_K_S does not fit", (0.656864, 0.101913)),
    _row("Q3_K_L", 4.298, "a little better than Q3_K_M", (0.556242, 0.087176)),
    _row("MXFP4_MOE", 4.25, "models that were trained in it (gpt-oss)", tensors=("MXFP4",)),
    _row("IQ4_XS", 4.46, "nearly Q4_K_S, smaller; slow on CPUs", (0.228071, 0.036334), matrix=True),
    _row("NVFP4", 4.5, "models that NVIDIA publishes in it, for its Blackwell GPUs"),
    _row(
        "Q4_0",
        4.636,
        "repacked for fast CPUs (ARM, AVX-512); Q4_K_S is better",
        (0.468514, 0.07194),
    ),
    _row("Q4_K_S", 4.667, "when Q4_K_M just does not fit", (0.268895, 0.043136)),
    _row(
        "IQ4_NL", 4.682, "as IQ4_XS, repacked for fast ARM CPUs", (0.223959, 0.035742), matrix=True
    ),
    _row("Q4_K_M", 4.894, "the usual choice", (0.175482, 0.031273)),
    _row("Q4_1", 5.103, "superseded by Q4_K_M", (0.451103, 0.071683)),
    _row("Q5_0", 5.57, "superseded by Q5_K_S", (0.131591, 0.022239)),
    _row("Q5_K_S", 5.57, "nearly Q5_K_M", (0.104964, 0.016595)),
    _row("Q5_K_M", 5.704, "when there is room beyond Q4_K_M", (0.056974, 0.010762)),
    _row("Q5_1", 6.038, "superseded by Q5_K_M", (0.106223, 0.018045)),
    _row("Q6_K", 6.563, "close to no loss", (0.021748, 0.005452)),
    _row("Q8_0", 8.501, "practically no loss; small models and projectors", (0.00265, 0.001355)),
    _row("F16", 16.001, "the weights as published, or nearly"),
    _row("BF16", 16.001, "the weights as published; slower than F16 on old GPUs"),
    _row("F32", 32.0, "source of other quantizations; no better than BF16"),
)

QUANTIZATIONS: Mapping[str, Quantization] = MappingProxyType({q.name: q for q in _TABLE})

_FILE_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "F32",
        1: "F16",
        2: "Q4_0",
        3: "Q4_1",
        7: "Q8_0",
        8: "Q5_0",
        9: "Q5_1",
        10: "Q2_K",
        11: "Q3_K_S",
        12: "Q3_K_M",
        13: "Q3_K_L",
        14: "Q4_K_S",
        15: "Q4_K_M",
        16: "Q5_K_S",
        17: "Q5_K_M",
        18: "Q6_K",
        19: "IQ2_XXS",
        20: "IQ2_XS",
        21: "Q2_K_S",
        22: "IQ3_XS",
        23: "IQ3_XXS",
        24: "IQ1_S",
        25: "IQ4_NL",
        26: "IQ3_S",
        27: "IQ3_M",
        28: "IQ2_S",
        29: "IQ2_M",
        30: "IQ4_XS",
        31: "IQ1_M",
        32: "BF16",
        36: "TQ1_0",
        37: "TQ2_0",
        38: "MXFP4_MOE",
        39: "NVFP4",
        40: "Q1_0",
        41: "Q2_0",
    }
)
