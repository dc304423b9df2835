"""The quantizations of one model: which of them fit, by their headers or by their sizes alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from termai.gguf.header import Header
from termai.gguf.memory import DeviceMemory, Estimate, LoadOptions
from termai.gguf.quantization import named
from termai.models.fit.subject import Subject, of_header

_USUAL_BITS = 4.9  # of Q4_K_M, where a name says nothing
_MIX = re.compile(r"_X{0,3}[SML]$")
_LAYERS = 33
_MIB = 1 << 20
_REFERENCE_PARAMETERS = 8e9
_REFERENCE_KV = 131_072  # bytes a token of Llama 3.1 8B: 32 layers x 8 heads x 2 x 128 x 2 bytes
_REFERENCE_COMPUTE = 300 * _MIB
_CACHE_BITS = {"f32": 32.0, "q8_0": 8.5, "q5_1": 6.0, "q5_0": 5.5, "q4_1": 5.0}
_SMALL_CACHE_BITS = 4.5
_LADDER = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K", "IQ2_XXS")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One quantization of a model: its name, bytes of all its files, its header where known."""

    name: str
    size: int
    header: Header | None = None


def subjects(
    candidates: Sequence[Candidate],
    known: Subject | None = None,
    *,
    projector: Header | None = None,
) -> list[Subject]:
    """Return what to fit for each candidate, in their order.

    One without a header is estimated from the nearest that has one, or from ``known``, another
    quantization of the same model, its weights in proportion of the sizes; where no header is
    known at all, from its size alone. projector: what is loaded beside each, unless ``known``
    says it.
    """
    beside = known.projector if known else projector
    read = {c.name: of_header(c.header, projector=beside) for c in candidates if c.header}
    models = [*read.values(), *([known] if known else [])]
    found: list[Subject] = []
    for one in candidates:
        if one.name in read:
            found.append(read[one.name])
        elif models:
            nearest = min(models, key=lambda model: abs(model.size - one.size))
            found.append(nearest.scaled(one.size / max(1, nearest.size)))
        else:
            found.append(of_size(one.name, one.size))
    return found


def of_size(name: str, size: int) -> Subject:
    """Return a model of which only name and size are known.

    Its layers are taken as equal, and its KV cache as that of a model of 8 billion parameters
    with grouped-query attention, growing with the square root of the parameters: within a factor
    of two for dense models since 2024.
    """
    bits = _bits(name)
    scale = (size * 8 / bits / _REFERENCE_PARAMETERS) ** 0.5

    def estimated(options: LoadOptions) -> Estimate:
        return _rough(options, size, scale)

    return Subject(estimated, _LAYERS, size=size, bits=bits, quantization=name, source="size")


def smaller(bits: float) -> Sequence[tuple[str, float]]:
    """Return names and bits per weight of the usual quantizations below ``bits``, best first."""
    known = ((name, _bits(name)) for name in _LADDER)
    return [(name, each) for name, each in known if each < bits * 0.97]


def _bits(name: str) -> float:
    """Return the bits per weight that a name stands for, of a publisher's mix those of its base."""
    plain = _MIX.sub("", name.upper().removeprefix("UD-"))
    known = (named(each) for each in (name, plain))
    return next((one.bits_per_weight for one in known if one and one.bits_per_weight), _USUAL_BITS)


def _rough(options: LoadOptions, size: int, scale: float) -> Estimate:
    split = options.tensor_split or (1.0,)
    on_gpu = min(options.n_gpu_layers, _LAYERS) / _LAYERS
    kv = int(options.ctx_size * _REFERENCE_KV * scale * _cache_share(options))
    compute = int(_REFERENCE_COMPUTE * scale * options.ubatch_size / 512)
    shares = [on_gpu * share / (sum(split) or 1.0) for share in split]
    gpus = (
        DeviceMemory(f"GPU{place}", int(size * share), int(kv * share), compute if share else 0, 0)
        for place, share in enumerate(shares)
    )
    rest = 1 - on_gpu
    ram = DeviceMemory("CPU", int(size * rest), int(kv * rest), 0 if on_gpu else compute, 0)
    layers = min(options.n_gpu_layers, _LAYERS)
    return Estimate((ram, *gpus), layers, _LAYERS, options.ctx_size)


def _cache_share(options: LoadOptions) -> float:
    """Return the cache's size as a part of what it is with two bytes a value."""
    types = (options.cache_type_k, options.cache_type_v)
    bits = (16.0 if t in ("f16", "bf16") else _CACHE_BITS.get(t, _SMALL_CACHE_BITS) for t in types)
    return sum(bits) / 32
