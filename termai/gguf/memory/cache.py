"""The KV cache and the recurrent state of each layer.

Source: src/llama-kv-cache.cpp, llama-kv-cache-iswa.cpp and llama-memory-recurrent.cpp.
"""

from termai.gguf.memory.hparams import WITHOUT_CACHE, Hparams
from termai.gguf.memory.options import LoadOptions
from termai.gguf.tensor_types import TensorType, type_named

PAD = 256
_F32 = 4


def cells(model: Hparams, options: LoadOptions) -> tuple[int, int]:
    """Return the cells that a full and a windowed layer have for each stream.

    A stream is a slot, or all of them where the cache is unified.
    """
    slots = max(1, options.parallel)
    asked = padded(options.ctx_size or model.trained or PAD)
    full = asked if options.kv_unified else padded(max(1, asked // slots))
    if options.swa_full or not model.window:
        return full, full
    shared = slots if options.kv_unified else 1
    return full, padded(min(full, model.window * shared + micro_batch(model, options)))


def micro_batch(model: Hparams, options: LoadOptions) -> int:
    """Return the tokens that are worked through at once (llama_context's constructor)."""
    tokens = max(1, options.batch_size)
    if model.architecture not in WITHOUT_CACHE:
        tokens = min(tokens, options.ctx_size or model.trained or PAD)
    return max(1, min(tokens, options.ubatch_size or tokens))


def per_layer(model: Hparams, options: LoadOptions) -> tuple[int, ...]:
    """Return the bytes of KV cache and recurrent state of each layer."""
    streams = 1 if options.kv_unified else max(1, options.parallel)
    full, windowed = cells(model, options)
    key, value = cache_type(options.cache_type_k), cache_type(options.cache_type_v)
    widest = max((h * d for h, d in zip(model.heads_kv, model.head_v, strict=True)), default=0)
    found: list[int] = []
    for layer in range(model.layers_all):
        size = 0
        if model.cached[layer]:
            heads = model.heads_kv[layer]
            wide = heads * model.head_v[layer] if options.flash_attn else widest
            row = _row(heads * model.head_k[layer], key)
            row += 0 if model.mla else _row(wide, value)
            size = row * (windowed if model.windowed[layer] else full) * streams
        if model.indexed[layer]:
            size += _indexer_row(model, layer, key, value) * full * streams
        if model.recurrent[layer] and layer < model.layers:
            size += (model.recurrent_r + model.recurrent_s) * _F32 * max(1, options.parallel)
        found.append(size)
    return tuple(found)


def _indexer_row(model: Hparams, layer: int, key: TensorType, value: TensorType) -> int:
    """Return the bytes of a token in the cache of indexer keys (src/llama-kv-cache-dsa.cpp).

    It is made as a cache with one head, so that it has values too where there is no MLA.
    """
    row = _row(model.indexer, key)
    return row if model.mla else row + _row(model.head_v[layer], value)


def padded(tokens: int) -> int:
    """Return ``tokens`` rounded up to what llama.cpp allocates, a multiple of 256."""
    return -(-tokens // PAD) * PAD


def cache_type(name: str) -> TensorType:
    """Return the tensor type that an option names."""
    return type_named(name.upper() if name.lower() != "bf16" else "BF16")


def _row(elements: int, kind: TensorType) -> int:
    return -(-elements // kind.block) * kind.size
