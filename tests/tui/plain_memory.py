"""An estimate of memory that never changes, for pictures: equal layers, f16 KV, no surprises."""

from termai.gguf.header import Header
from termai.gguf.memory import DeviceMemory, Estimate, LoadOptions

_MIB = 1 << 20
_COMPUTE = 300 * _MIB
_BITS = {"f16": 16.0, "q8_0": 8.5, "q4_0": 4.5}


def estimate(header: Header, options: LoadOptions, **beside: object) -> Estimate:
    """Return what stands in for ``gguf.memory.estimate`` where numbers are in a picture."""
    layers = header.layers + 1
    on_gpu = min(options.n_gpu_layers, layers)
    split = options.tensor_split or (1.0,)
    weights = sum(tensor.size for tensor in header.tensors) // layers
    width = header.number(header.own("attention.head_count_kv")) * 128
    kv = int(options.ctx_size * width * _BITS[options.cache_type_k] / 4)
    rest = layers - on_gpu
    ram = DeviceMemory("CPU", weights * rest, kv * max(0, rest - 1), _COMPUTE if rest else 0, 0)
    gpus = [
        DeviceMemory(
            f"GPU{place}",
            int(weights * on_gpu * share / sum(split)),
            int(kv * max(0, on_gpu - 1) * share / sum(split)),
            _COMPUTE if on_gpu else 0,
            0,
        )
        for place, share in enumerate(split)
    ]
    return Estimate((ram, *gpus), on_gpu, layers, options.ctx_size)
