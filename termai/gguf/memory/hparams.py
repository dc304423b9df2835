"""The numbers of a model that decide its memory, with the defaults that llama.cpp fills in.

Source: llama_model_base::load_hparams in src/llama-model.cpp, and load_arch_hparams of each
architecture in src/models/.
"""

from dataclasses import dataclass

from termai.gguf.header import Header
from termai.gguf.memory.checks import check

RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
WITHOUT_CACHE = frozenset(
    {
        "bert", "jina-bert-v2", "jina-bert-v3", "nomic-bert", "nomic-bert-moe", "neo-bert",
        "eurobert", "modern-bert", "gemma-embedding", "wavtokenizer-dec", "dream", "llada",
        "llada-moe", "rnd1",
    }
)  # fmt: skip

_BY_HEADS = frozenset(
    {
        "jamba", "granitehybrid", "lfm2", "lfm2moe", "plamo2", "kimi-linear", "kimi-k3",
        "bailingmoe3", "glm5-next",
    }
)  # fmt: skip
_BY_INTERVAL = frozenset({"qwen3next", "qwen35", "qwen35moe", "qwen4exp", "minimax-01"})
_INTERVALS = {"minimax-01": 8}
_NEMOTRON = frozenset({"nemotron_h", "nemotron_h_moe"})

_PERIODS = {
    "afmoe": 4, "cohere2": 4, "cohere2moe": 4, "exaone-moe": 4, "exaone4": 4, "gemma2": 2,
    "gemma-embedding": 6, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "laguna": 4, "llama4": 4,
    "mellum": 4, "modern-bert": 3, "muse-glimmer": 4, "olmo2": 4, "plamo3": 8, "smallthinker": 4,
}  # fmt: skip
_DENSE_FIRST = frozenset({"modern-bert", "cohere2moe", "laguna", "smallthinker"})
_WINDOWS = {"gemma2": 4096, "llama4": 8192, "exaone-moe": 128}
_FIXED_WINDOWS = {"llama4": 8192, "smallthinker": 4096}
_UNWINDOWED = frozenset({"phi3"})
_WINDOWED_ATTENTION = frozenset({"lfm2"})
_DENSE_UNINDEXED = frozenset({"minimax-m3"})
_INDEXED = frozenset({"deepseek32", "glm-dsa", "hy_v4", "glm5-next", "minimax-m3", "qwen4exp"})
_GEMMA3N_KV_LAYERS = 20
_EXAONE4_WINDOWED_LAYERS = 64


@dataclass(frozen=True, slots=True)
class Hparams:
    """A model's dimensions; the tuples hold a value for each layer of ``layers_all``.

    layers: those that a prompt passes through; layers_all: also those that only predict further
    tokens. heads_kv, head_k, head_v: 0 where a layer has none. ff: width of the feed-forward
    part, experts_used times an expert's where that is more. recurrent_r, recurrent_s: elements
    of the state that each slot keeps in a recurrent layer. indexed: layers with a second cache,
    of keys of ``indexer`` elements, by which sparse attention finds its tokens. deepstack: first
    layers that add a part of an image to what they make.
    """

    architecture: str
    layers: int
    layers_all: int
    embd: int
    vocab: int
    trained: int
    heads: tuple[int, ...]
    heads_kv: tuple[int, ...]
    head_k: tuple[int, ...]
    head_v: tuple[int, ...]
    ff: tuple[int, ...]
    windowed: tuple[bool, ...]
    window: int
    recurrent: tuple[bool, ...]
    cached: tuple[bool, ...]
    mla: bool
    recurrent_r: int
    recurrent_s: int
    indexer: int
    deepstack: int
    indexed: tuple[bool, ...]


def hparams(header: Header) -> Hparams:
    """Return the numbers of a model; raises InvalidFileError where one is missing or absurd."""
    check(header)
    count = header.layers
    embd = header.number(header.own("embedding_length"))
    heads = header.per_layer(header.own("attention.head_count"), count)
    heads_kv = _heads_kv(header, heads, count)
    windowed, window = _windows(header, count)
    recurrent = _recurrent(header, heads_kv, count)
    cached = _cached(header, recurrent, count)
    return Hparams(
        architecture=header.architecture,
        layers=max(0, count - header.number(header.own("nextn_predict_layers"))) or count,
        layers_all=count,
        embd=embd,
        vocab=_vocab(header),
        trained=header.number(header.own("context_length")),
        heads=heads,
        heads_kv=heads_kv,
        head_k=_head(header, "key_length", heads, windowed, embd),
        head_v=_head(header, "value_length", heads, windowed, embd),
        ff=_ff(header, count),
        windowed=windowed,
        window=window,
        recurrent=recurrent,
        cached=cached,
        mla=bool(header.number(header.own("attention.key_length_mla"))),
        recurrent_r=_recurrent_r(header, embd, heads),
        recurrent_s=_recurrent_s(header, embd, heads),
        indexer=_indexer(header),
        deepstack=min(count, header.number(header.own("n_deepstack_layers"))),
        indexed=_indexed(header, cached, count),
    )


def _heads_kv(header: Header, heads: tuple[int, ...], count: int) -> tuple[int, ...]:
    key = header.own("attention.head_count_kv")
    return header.per_layer(key, count) if key in header.metadata else heads


def _head(
    header: Header, name: str, heads: tuple[int, ...], windowed: tuple[bool, ...], embd: int
) -> tuple[int, ...]:
    first = next((n for n in heads if n > 0), 0)
    full = header.number(header.own(f"attention.{name}"), embd // first if first else 0)
    swa = header.number(header.own(f"attention.{name}_swa"), full)
    return tuple(swa if inside else full for inside in windowed)


def _ff(header: Header, count: int) -> tuple[int, ...]:
    dense = header.per_layer(header.own("feed_forward_length"), count)
    used = header.number(header.own("expert_used_count"))
    expert = header.number(header.own("expert_feed_forward_length"))
    if used and not expert:
        return tuple(n * used for n in dense)
    return tuple(max(n, used * expert) for n in dense)


def _vocab(header: Header) -> int:
    for tensor in header.tensors:
        if tensor.name == "token_embd.weight" and len(tensor.shape) > 1:
            return int(tensor.shape[1])
    return header.number(header.own("vocab_size"))


def _windows(header: Header, count: int) -> tuple[tuple[bool, ...], int]:
    """Return which layers see a sliding window only, and its tokens."""
    name = header.architecture
    window = header.number(header.own("attention.sliding_window"), _WINDOWS.get(name, 0))
    pattern = header.metadata.get(header.own("attention.sliding_window_pattern"))
    if name == "exaone4" and count != _EXAONE4_WINDOWED_LAYERS:
        window = 0
    if window > 0 and name in _WINDOWED_ATTENTION:
        kv = header.per_layer(header.own("attention.head_count_kv"), count)
        return tuple(heads > 0 for heads in kv), window
    if window <= 0 or name in _UNWINDOWED or (name not in _PERIODS and pattern is None):
        return (False,) * count, 0
    window = _FIXED_WINDOWS.get(name, window)
    if isinstance(pattern, tuple):
        flags = tuple(bool(each) for each in pattern[:count])
        return flags + (False,) * (count - len(flags)), window
    period = header.number(header.own("attention.sliding_window_pattern"), _PERIODS.get(name, 1))
    if period <= 0:
        return (True,) * count, window
    if name in _DENSE_FIRST:
        return tuple(layer % period != 0 for layer in range(count)), window
    return tuple(layer % period < period - 1 for layer in range(count)), window


def _recurrent(header: Header, heads_kv: tuple[int, ...], count: int) -> tuple[bool, ...]:
    name = header.architecture
    if name in RECURRENT or name == "falcon-h1":
        return (True,) * count
    told = header.metadata.get(header.own("attention.recurrent_layers"))
    if name in _BY_INTERVAL and isinstance(told, tuple):
        flags = header.per_layer(header.own("attention.recurrent_layers"), count)
        return tuple(bool(flag) for flag in flags)
    if name in _BY_HEADS:
        return tuple(heads == 0 for heads in heads_kv)
    if name in _NEMOTRON:
        ff = header.per_layer(header.own("feed_forward_length"), count)
        return tuple(heads == 0 and wide == 0 for heads, wide in zip(heads_kv, ff, strict=True))
    if name in _BY_INTERVAL:
        every = header.number(header.own("full_attention_interval")) or _INTERVALS.get(name, 4)
        return tuple((layer + 1) % every != 0 for layer in range(count))
    return (False,) * count


def _cached(header: Header, recurrent: tuple[bool, ...], count: int) -> tuple[bool, ...]:
    """Return which layers have a KV cache of their own."""
    name = header.architecture
    if name in RECURRENT or name in WITHOUT_CACHE:
        return (False,) * count
    skipped = header.number(header.own("nextn_predict_layers"))
    last = count - skipped if 0 < skipped < count else count
    if name == "gemma3n":
        last = min(last, _GEMMA3N_KV_LAYERS)
    last -= header.number(header.own("attention.shared_kv_layers")) if name == "gemma4" else 0
    if name == "falcon-h1":
        return (True,) * count
    if name in _NEMOTRON:
        ff = header.per_layer(header.own("feed_forward_length"), count)
        return tuple(not r and wide == 0 for r, wide in zip(recurrent, ff, strict=True))
    return tuple(layer < last and not recurrent[layer] for layer in range(count))


def _indexer(header: Header) -> int:
    if header.architecture not in _INDEXED:
        return 0
    return header.number(header.own("attention.indexer.key_length"))


def _indexed(header: Header, cached: tuple[bool, ...], count: int) -> tuple[bool, ...]:
    """Return which layers have a cache of indexer keys (create_memory in src/llama-model.cpp)."""
    if header.architecture not in _INDEXED:
        return (False,) * count
    full = header.per_layer(header.own("attention.indexer.types"), count, 1)
    dense = header.number(header.own("leading_dense_block_count"))
    lead = dense if header.architecture in _DENSE_UNINDEXED else 0
    return tuple(cached[layer] and bool(full[layer]) and layer >= lead for layer in range(count))


def _recurrent_r(header: Header, embd: int, heads: tuple[int, ...]) -> int:
    """Return the elements of llama_hparams::n_embd_r in src/llama-hparams.cpp."""
    if header.number(header.own("wkv.head_size")):
        return header.number(header.own("token_shift_count"), 2) * embd
    if cache := header.number(header.own("shortconv.l_cache")):
        return embd * (cache - 1)
    conv = header.number(header.own("ssm.conv_kernel"))
    if size := header.number(header.own("kda.head_dim")):
        return 3 * (conv - 1 if conv else 3) * heads[0] * size
    inner, state = (
        header.number(header.own("ssm.inner_size")),
        header.number(header.own("ssm.state_size")),
    )
    return max(0, conv - 1) * (inner + 2 * header.number(header.own("ssm.group_count")) * state)


def _recurrent_s(header: Header, embd: int, heads: tuple[int, ...]) -> int:
    """Return the elements of llama_hparams::n_embd_s in src/llama-hparams.cpp."""
    if size := header.number(header.own("wkv.head_size")):
        return embd * size
    if size := header.number(header.own("kda.head_dim")) or _linear(header):
        return size * size * heads[0]
    return header.number(header.own("ssm.state_size")) * header.number(header.own("ssm.inner_size"))


def _linear(header: Header) -> int:
    """Return the size of a head of linear attention, 0 where there is none."""
    key = header.own("attention.key_length")
    return header.number(key) if header.architecture == "minimax-01" else 0
