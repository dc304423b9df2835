"""Which device each layer goes to, as llama.cpp splits a model."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

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
    ends = _ends(options.tensor_split)
    return tuple(
        CPU if layer < start else 1 + _gpu((layer - start) / on_gpu, ends) for layer in range(count)
    )


def gpus(options: LoadOptions) -> int:
    """Return the number of GPUs that a model is split over."""
    return max(1, len(options.tensor_split))


def _ends(shares: Sequence[float]) -> tuple[float, ...]:
    total = sum(shares)
    if total <= 0:
        return tuple((n + 1) / max(1, len(shares)) for n in range(max(1, len(shares))))
    return tuple(end / total for end in accumulate(shares))


def _gpu(position: float, ends: Sequence[float]) -> int:
    return min(bisect_right(ends, position), len(ends) - 1)
