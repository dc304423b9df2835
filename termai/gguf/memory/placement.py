"""Which device each layer goes to, as llama.cpp splits a model."""

from bisect import bisect_right
from collections.abc import Sequence
from ctypes import c_float
from itertools import accumulate
from math import inf

from termai.gguf.memory.options import LoadOptions

CPU = 0
"""The place of the machine's own memory; that of the first GPU is 1."""


def places(layers: int, options: LoadOptions) -> tuple[int, ...]:
    """Return the place of each of ``layers`` layers and, last, of the output layer.

    The last ``n_gpu_layers`` of them go to the GPUs in order, in proportion of ``tensor_split``.
    Source: llama_model_base::load_tensors in src/llama-model.cpp (i_gpu_start, splits,
    get_layer_buft_list).
    """
    count = layers + 1
    on_gpu = min(max(0, options.n_gpu_layers), count)
    start = count - on_gpu
    if gpus(options) == 1:
        return (CPU,) * start + (CPU + 1,) * on_gpu
    ends = _ends(options.tensor_split)
    return (CPU,) * start + tuple(1 + _gpu(_float(at / on_gpu), ends) for at in range(on_gpu))


def gpus(options: LoadOptions) -> int:
    """Return the number of GPUs that a model is split over."""
    return max(1, len(options.tensor_split))


def _ends(shares: Sequence[float]) -> tuple[float, ...]:
    """Return where each GPU's part ends, in the single precision that llama.cpp counts in."""
    ends = tuple(accumulate((max(0.0, share) for share in shares), lambda a, b: _float(a + b)))
    if not 0 < ends[-1] < inf:
        return tuple(_float((n + 1) / len(shares)) for n in range(len(shares)))
    return tuple(_float(end / ends[-1]) for end in ends)


def _gpu(position: float, ends: Sequence[float]) -> int:
    return min(bisect_right(ends, position), len(ends) - 1)


def _float(value: float) -> float:
    """Return the nearest number of single precision."""
    return c_float(value).value
